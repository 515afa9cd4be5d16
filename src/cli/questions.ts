import { z } from "zod";
import { baselineConfidences, baselineLevels, usualInWords } from "../detect/baseline.ts";
import { askAndPrint, type QuestionOptions } from "./ask-and-print.ts";
import type { CliContext } from "./cli-context.ts";

/** `gatewatch why SUBJECT`: all that is known of an address, a user or a reference. */
export async function runWhy(subject: string, options: QuestionOptions, context: CliContext): Promise<number> {
  return askAndPrint(
    `/v1/why/${encodeURIComponent(subject)}`,
    explanation,
    { ...options, context },
    ({ lines }) => lines,
  );
}

/** `gatewatch incidents`: those that are open or acknowledged, the newest first. */
export async function runIncidents(options: QuestionOptions, context: CliContext): Promise<number> {
  return askAndPrint("/v1/incidents?state=live&limit=200", incidentList, { ...options, context }, ({ incidents }) =>
    incidents.length === 0
      ? ["No open incidents."]
      : incidents.map((item) =>
          [instant(item.openedAt), item.severity.padEnd(8), item.state.padEnd(12), item.id, item.title].join("  "),
        ),
  );
}

/** `gatewatch decisions`: those that hold or wait for a person, the newest first. */
export async function runDecisions(options: QuestionOptions, context: CliContext): Promise<number> {
  return askAndPrint("/v1/decisions?state=current&limit=200", decisionList, { ...options, context }, ({ decisions }) =>
    decisions.length === 0
      ? ["No decisions hold."]
      : decisions.map((item) => {
          const state = item.dryRun ? "dry run" : item.state;
          const target = `${item.scope} ${item.value}`;
          return [`until ${instant(item.until)}`, item.action.padEnd(8), state.padEnd(7), target, item.reason].join(
            "  ",
          );
        }),
  );
}

/** `gatewatch baselines`: what is usual now at each place, the largest first. */
export async function runBaselines(
  options: QuestionOptions & { readonly of: string },
  context: CliContext,
): Promise<number> {
  return askAndPrint(
    `/v1/baselines?of=${encodeURIComponent(options.of)}`,
    baselineList,
    { ...options, context },
    (answer) =>
      answer.places.length === 0
        ? ["It is not known yet what is usual."]
        : answer.places.map(({ place, ...usual }) => `${place}  ${usualInWords(usual, figure)}, ${usual.confidence}`),
  );
}

// helpers

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

const baselineList = z.object({
  places: z.array(
    z.object({
      ...{ place: z.string(), known: z.boolean(), median: z.number(), spread: z.number(), samples: z.number() },
      ...{ level: z.enum(baselineLevels), confidence: z.enum(baselineConfidences), hourOfWeek: z.number() },
    }),
  ),
});

const explanation = z.object({ lines: z.array(z.string()) });

/** Times come as epoch milliseconds or as RFC 3339 text. */
const time = z.union([z.number(), z.string()]);

const incidentList = z.object({
  incidents: z.array(
    z.object({ id: z.string(), title: z.string(), severity: z.string(), state: z.string(), openedAt: time }),
  ),
});

const decisionList = z.object({
  decisions: z.array(
    z.object({
      scope: z.string(),
      value: z.string(),
      action: z.string(),
      state: z.string(),
      dryRun: z.boolean(),
      until: time,
      reason: z.string(),
    }),
  ),
});

function instant(value: number | string): string {
  return typeof value === "number" ? new Date(value).toISOString() : value;
}
