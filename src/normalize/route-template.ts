import { isRandom, isUuid } from "./redact-text.ts";

/**
 * What a path's segment becomes in a route when it is a value rather than a word: `{id}`, `{uuid}`,
 * `{date}`, `{hash}`, `{token}`, or what redaction already put there. `undefined`: it is a word.
 */
export function segmentTemplate(segment: string): string | undefined {
  if (redacted.has(segment)) return segment;
  if (segment.includes("{")) return "{var}";
  let digits = 0;
  for (let i = 0; i < segment.length; i++) {
    const c = segment.charCodeAt(i);
    if (c >= 48 && c <= 57) digits++;
  }
  if (digits === 0 && segment.length < 24) return segment.includes("%") || segment.length > 64 ? "{var}" : undefined;
  if (digits === segment.length) return digits === 8 && isDate(segment) ? "{date}" : "{id}";
  if (digits === 8 && /^\d{4}-\d{2}-\d{2}$/.test(segment)) return "{date}";
  if (isUuid(segment)) return "{uuid}";
  if (segment.length >= 16 && /^[0-9a-f]+$/i.test(segment)) return "{hash}";
  if (isRandom(segment, 16)) return "{token}";
  if (digits >= 4 || segment.length > 64 || segment.includes("%")) return "{id}";
  return undefined;
}

// helpers

/** What `redactPath` leaves behind. Other braces are the client's own, and could be anything. */
const redacted: ReadonlySet<string> = new Set(["{email}", "{card}", "{token}", "{long}"]);

function isDate(digits: string): boolean {
  return /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits);
}
