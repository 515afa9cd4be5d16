import { z } from "zod";
import { detectorItemSchema, reportSchema } from "../api/detector-schema.ts";
import type { CliContext } from "./cli-context.ts";
import { askAndPrint, type QuestionOptions } from "./ask-and-print.ts";
import { detectorLines, reportLines } from "./report-text.ts";

const list = z.object({ detectors: z.array(detectorItemSchema) });
const one = z.object({ report: reportSchema });

/** `gatewatch report [DETECTOR]`: what all detectors of the running service found, or one with whom it blocked or would have. */
export async function runReport(
  detector: string | undefined,
  options: QuestionOptions,
  context: CliContext,
): Promise<number> {
  if (detector === undefined) {
    return askAndPrint("/v1/detectors", list, { ...options, context }, ({ detectors }) => detectorLines(detectors));
  }
  const path = `/v1/detectors/${encodeURIComponent(detector)}/report`;
  return askAndPrint(path, one, { ...options, context }, ({ report }) => reportLines(report));
}
