import { z } from "zod";
import { detectionSchema } from "../api/detection-schema.ts";
import type { Detection } from "../detect/detection.ts";

/** A newer form that an older version can't read gets another number. */
const version = 1;

const recordSchema = z.object({ version: z.literal(version), detection: detectionSchema });

/** A detection as a record of the topic `detections`. */
export function writeDetection(detection: Detection): string {
  return JSON.stringify({ version, detection });
}

/** The detection of a record, as it was written; `undefined` for what is none, or is of a version that this one doesn't know. */
export function readDetection(text: string): Detection | undefined {
  try {
    const record = JSON.parse(text) as { detection: Detection };
    return recordSchema.safeParse(record).success ? record.detection : undefined;
  } catch {
    // No JSON: whoever reads counts it.
    return undefined;
  }
}
