import type { RejectReason } from "./access-event.ts";
import type { JsonRecord } from "./log-format.ts";

/** Takes what is found inside a record, in its order. */
export interface RecordVisitor {
  /** One log entry: an object, or a line of text. `text` is what it was, where it stood alone. */
  entry(sample: JsonRecord | string, text?: string): void;
  /** Something that is no entry. `text` is what it was. */
  reject(reason: RejectReason, detail: string, text: string): void;
}

/** Kong and APISIX send at most a thousand in one record. */
export const maxEntries = 10_000;

/**
 * Finds the log entries in one record: a JSON object, a JSON array of them, several lines of either
 * in one record, or lines of text. Never throws.
 */
export function unwrapRecord(text: string, visitor: RecordVisitor): void {
  const first = firstMark(text);
  if (first === open) {
    const value = parse(text);
    if (value !== undefined) visitor.entry(value as JsonRecord, text);
    else unwrapLines(text, visitor);
  } else if (first === bracket) {
    const value = parse(text);
    if (value !== undefined) unwrapArray(value as readonly unknown[], visitor);
    else unwrapLines(text, visitor);
  } else if (first === 0) visitor.reject("empty", "expected a record", "");
  else if (text.includes("\n")) unwrapLines(text, visitor);
  else visitor.entry(text);
}

// helpers

const open = 123;
const bracket = 91;

/** The first character that is no white space; 0 when there is none. */
function firstMark(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    // 0xfeff: the mark some writers put before the first line of a file.
    if (c > 32 && c !== 0xfeff) return c;
  }
  return 0;
}

/** The value; `undefined` when it is no JSON, even with missing numbers mended. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.includes(":,") || text.includes(":}") ? parseMended(text) : undefined;
  }
}

/** nginx writes nothing for a variable without a value: `"upstream":,` where the format has no quotes. */
function parseMended(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll(/(?<!\\)":(?=[,}])/g, '":null'));
  } catch {
    return undefined;
  }
}

/** Each line by itself. A text without a second line is an entry of text, or broken JSON. */
function unwrapLines(text: string, visitor: RecordVisitor): void {
  let count = 0;
  for (let start = 0; start < text.length;) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end).trim();
    start = end + 1;
    if (line === "") continue;
    if (++count > maxEntries) {
      visitor.reject("too_long", `expected at most ${maxEntries} lines in one record; the rest is not read`, line);
      return;
    }
    unwrapLine(line, visitor);
  }
}

function unwrapLine(line: string, visitor: RecordVisitor): void {
  const first = firstMark(line);
  if (first !== open && first !== bracket) {
    visitor.entry(line);
    return;
  }
  const value = parse(line);
  if (Array.isArray(value)) unwrapArray(value, visitor);
  else if (value !== undefined) visitor.entry(value as JsonRecord, line);
  else if (first === open) visitor.reject("not_json", hintOf(line), line);
  // Some text logs begin with a time in brackets.
  else visitor.entry(line);
}

function unwrapArray(values: readonly unknown[], visitor: RecordVisitor): void {
  if (values.length === 0) visitor.reject("empty", "expected entries in the array", "[]");
  for (const [i, value] of values.entries()) {
    if (i === maxEntries) {
      visitor.reject(
        "too_long",
        `expected at most ${maxEntries} entries in one record; ${values.length - i} are not read`,
        "[…]",
      );
      return;
    }
    if (Array.isArray(value)) visitor.reject("too_deep", "expected objects in the array, found another array", "[[…]]");
    else if (typeof value === "object" && value !== null) visitor.entry(value as JsonRecord);
    else visitor.reject("not_an_object", "expected objects in the array", String(value).slice(0, 600));
  }
}

function hintOf(line: string): string {
  return line.includes("\\x") ? 'expected JSON; nginx needs "escape=json" in its log_format' : "expected JSON";
}
