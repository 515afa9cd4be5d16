import type { JsonRecord } from "./log-format.ts";
import { redactedHead } from "./plain-text.ts";
import { redactRecord } from "./redact-text.ts";

const headLength = 300;

/** The first 300 characters of what could not be read, redacted. */
export function rejectedHead(sample: JsonRecord | string): string {
  const text = typeof sample === "string" ? sample : textOf(sample);
  return redactedHead(text, { maxLength: headLength, redact: redactNested });
}

/** Why a source refused a record before it was read, in words. */
export const refusals = {
  too_long: "longer than the source's maxRecordBytes",
  undecodable: "the bytes can't be read as text",
} as const;

// helpers

/** In JSON in JSON, quotes are escaped over and over: without that, names and values are where they are looked for. */
function redactNested(text: string): string {
  return redactRecord(text.replaceAll(/\\+"/g, '"'));
}

function textOf(sample: JsonRecord): string {
  try {
    return JSON.stringify(sample);
  } catch {
    return "{…}"; // nested beyond the stack; JSON.parse has no such bound
  }
}
