import type { JsonRecord } from "./log-format.ts";
import { redactRecord } from "./redact-text.ts";

const headLength = 300;

/** The first 300 characters of what could not be read, redacted. */
export function rejectedHead(sample: JsonRecord | string): string {
  const text = typeof sample === "string" ? sample : textOf(sample);
  // Redacted before it is cut to length, or half a secret could stay at the end.
  return redactRecord(text.slice(0, headLength * 4)).slice(0, headLength);
}

// helpers

function textOf(sample: JsonRecord): string {
  try {
    return JSON.stringify(sample);
  } catch {
    return "{…}"; // nested beyond the stack; JSON.parse has no such bound
  }
}
