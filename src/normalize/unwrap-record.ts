import { maxEntries } from "../source/raw-batch.ts";
import type { RejectReason } from "./access-event.ts";
import { containerLine } from "./container-line.ts";
import { carriedBy, type Envelope, mayCarry } from "./envelope.ts";
import type { JsonRecord } from "./log-format.ts";
import { readOtlpJson } from "./otlp-json.ts";
import { readOtlpProtobuf } from "./otlp-protobuf.ts";
import type { TakeOtlp } from "./otlp-record.ts";
import { parseJson } from "./parse-json.ts";
import { syslogLine } from "./syslog-line.ts";

/** Where an entry was found. */
export interface EntryOrigin {
  /** What the entry came through, the outermost first. */
  readonly envelopes: readonly Envelope[];
  /** What the entry was, where it stood alone as a text. */
  readonly text: string | undefined;
}

/** Takes what is found inside a record, in its order. */
export interface RecordVisitor {
  /** Whether an object is an access record of a known format, so that nothing in it is an envelope's. */
  isRecord(object: JsonRecord): boolean;
  /** Whether a line of text, found in an object that is no access record, is to be read in its stead. */
  isLine(text: string): boolean;
  /** A line as it stands alone, before it is parsed; true when the visitor has read it. */
  line(text: string, envelopes: readonly Envelope[]): boolean;
  /** One log entry: an object, or a line of text. */
  entry(sample: JsonRecord | string, origin: EntryOrigin): void;
  /** Something that is no entry. `text` is what it was; `envelopes` as in `EntryOrigin`. */
  reject(reason: RejectReason, detail: string, text: string, envelopes: readonly Envelope[]): void;
}

/** An entry may come through so many envelopes: a collector's, a shipper's, a container's. */
const maxEnvelopes = 3;

/**
 * Finds the log entries in one record, whatever wraps them: an object, an array, lines of either or
 * of text, a shipper's object around a line, OTLP, CloudWatch, Event Hubs. Never throws. A record
 * gives at most `maxEntries` entries and rejections, and one more that says so.
 */
export function unwrapRecord(record: string | Uint8Array, visitor: RecordVisitor): void {
  const unwrapping = new Unwrapping(visitor);
  if (typeof record === "string") unwrapping.text(record, none);
  else unwrapping.protobuf(record);
  if (unwrapping.found === 0) visitor.reject("empty", "expected log entries in the envelope", "", none);
}

// helpers

const open = 123;
const close = 125;
const bracket = 91;
const closeBracket = 93;
const none: readonly Envelope[] = [];

/** The way through one record. */
class Unwrapping {
  readonly #visitor: RecordVisitor;
  /** Entries and rejections so far. */
  found = 0;

  constructor(visitor: RecordVisitor) {
    this.#visitor = visitor;
  }

  text(text: string, path: readonly Envelope[]): void {
    const first = firstMark(text);
    if (first === 0) this.#reject("empty", "expected a record", "", path);
    else if (isWhole(text, first) && this.#json(text, path)) return;
    else if (text.includes("\n")) this.#lines(text, path);
    else this.#line(text, path);
  }

  protobuf(bytes: Uint8Array): void {
    try {
      readOtlpProtobuf(bytes, this.#takeOtlp(["otlp-protobuf"]));
    } catch {
      this.#reject("undecodable", "expected OTLP in protobuf; the bytes are cut off or something else", "", [
        "otlp-protobuf",
      ]);
    }
  }

  /** An object or an array; false when the text is no JSON. */
  #json(text: string, path: readonly Envelope[]): boolean {
    const value = parseJson(text);
    if (Array.isArray(value)) this.#array(value, path);
    else if (typeof value === "object" && value !== null) this.#object(value as JsonRecord, path, text);
    else return false;
    return true;
  }

  /** Each line by itself; a text without a second line is not wrapped in anything. */
  #lines(text: string, path: readonly Envelope[]): void {
    let inside = path;
    for (let start = 0; start < text.length;) {
      let end = text.indexOf("\n", start);
      if (end < 0) end = text.length;
      const line = text.slice(start, end).trim();
      start = end + 1;
      if (line === "") continue;
      if (inside === path && firstMark(text, start) !== 0) {
        const wrapped = this.#into("ndjson", path, text);
        if (wrapped === undefined) return;
        inside = wrapped;
      }
      if (this.#isFull(line, "the rest is not read", inside)) return;
      this.#line(line, inside);
    }
  }

  /** One line: JSON or text. */
  #line(line: string, path: readonly Envelope[]): void {
    const inner = containerLine(line);
    const message = inner ?? syslogLine(line);
    if (message !== undefined) {
      const inside = this.#into(inner === undefined ? "syslog" : "container", path, line);
      if (inside !== undefined) this.#line(message, inside);
    } else if (path.length > 0 && this.#visitor.line(line, path)) this.found++;
    else {
      const first = firstMark(line);
      if (isWhole(line, first) && this.#json(line, path)) return;
      if (first === open) this.#reject("not_json", "expected JSON", line, path);
      // Some text logs begin with a time in brackets.
      else this.#entry(line, path, undefined);
    }
  }

  #array(values: readonly unknown[], path: readonly Envelope[]): void {
    const inside = this.#into("array", path, "[…]");
    if (inside === undefined) return;
    if (values.length === 0) this.#reject("empty", "expected entries in the array", "[]", inside);
    for (const [i, value] of values.entries()) {
      if (this.#isFull("[…]", `${values.length - i} are not read`, inside)) return;
      if (Array.isArray(value)) {
        this.#reject("too_deep", "expected objects in the array, found another array", "[[…]]", inside);
      } else this.#element(value, inside);
    }
  }

  #element(value: unknown, path: readonly Envelope[]): void {
    if (isObject(value)) this.#object(value, path, undefined);
    else if (typeof value === "string") this.text(value, path);
    else this.#reject("not_an_object", "expected objects in the array", String(value).slice(0, 600), path);
  }

  #object(object: JsonRecord, path: readonly Envelope[], text: string | undefined): void {
    if (Array.isArray(object.resourceLogs)) {
      const inside = this.#into("otlp-json", path, text ?? "{…}");
      if (inside !== undefined) readOtlpJson(object, this.#takeOtlp(inside));
    } else if (Array.isArray(object.logEvents)) this.#cloudWatch(object, object.logEvents, path);
    else if (Array.isArray(object.records) && !this.#visitor.isRecord(object)) this.#eventHubs(object.records, path);
    else if (mayCarry(object)) this.#carrier(object, path, text);
    else if (object.content === "tests" && Object.keys(object).length === 1)
      this.#reject("not_a_request", "Cloudflare Logpush tries out its destination", text ?? "{…}", path);
    else this.#entry(object, path, text);
  }

  /** An object that may be a shipper's: an access record that has such a key, too, is none. */
  #carrier(object: JsonRecord, path: readonly Envelope[], text: string | undefined): void {
    const visitor = this.#visitor;
    const carried = visitor.isRecord(object) ? undefined : carriedBy(object, (inner) => visitor.isRecord(inner));
    if (carried === undefined || (typeof carried.inner === "string" && !this.#isEntry(carried.inner))) {
      this.#entry(object, path, text);
      return;
    }
    const inside = this.#into(carried.envelope, path, text ?? "{…}");
    if (inside === undefined) return;
    if (typeof carried.inner === "string") this.text(carried.inner, inside);
    else this.#entry(carried.inner, inside, undefined);
  }

  /** Whether a carried text is a log entry, be it in a container's line or in syslog's. */
  #isEntry(text: string): boolean {
    const line = containerLine(text) ?? syslogLine(text) ?? text;
    return isJson(line) || this.#visitor.isLine(line);
  }

  #takeOtlp(path: readonly Envelope[]): TakeOtlp {
    return (record, body) => {
      if (this.#isFull("{…}", "the rest is not read", path)) return false;
      if (this.#visitor.isRecord(record)) this.#entry(record, path, undefined);
      else if (isObject(body)) this.#object(body, path, undefined);
      else this.#carrier(record, path, undefined);
      return true;
    };
  }

  #cloudWatch(object: JsonRecord, logEvents: readonly unknown[], path: readonly Envelope[]): void {
    if (object.messageType === "CONTROL_MESSAGE") {
      this.#reject("not_a_request", "CloudWatch tries out its destination", "{…}", path);
      return;
    }
    const inside = this.#into("cloudwatch", path, "{…}");
    if (inside === undefined) return;
    for (const event of logEvents) {
      if (this.#isFull("{…}", "the rest is not read", inside)) return;
      const message = isObject(event) ? event.message : undefined;
      if (typeof message === "string") this.text(message, inside);
      else this.#reject("not_an_object", "expected a message in each of logEvents", "{…}", inside);
    }
  }

  #eventHubs(records: readonly unknown[], path: readonly Envelope[]): void {
    const inside = this.#into("event-hubs", path, "{…}");
    if (inside === undefined) return;
    if (records.length === 0) this.#reject("empty", "expected entries in records", "{…}", inside);
    for (const record of records) {
      if (this.#isFull("{…}", "the rest is not read", inside)) return;
      this.#element(record, inside);
    }
  }

  /** The way on into an envelope; `undefined`, and a rejection, when it is one too many. */
  #into(envelope: Envelope, path: readonly Envelope[], text: string): readonly Envelope[] | undefined {
    if (path.length < maxEnvelopes) return [...path, envelope];
    const found = [...path, envelope].join(", ");
    this.#reject("too_deep", `expected at most ${maxEnvelopes} envelopes, found ${found}`, text, path);
    return undefined;
  }

  /** True, after saying so once, when the record has given as much as one may. */
  #isFull(text: string, rest: string, path: readonly Envelope[]): boolean {
    if (this.found < maxEntries) return false;
    if (this.found === maxEntries) {
      this.#reject("too_long", `expected at most ${maxEntries} entries in one record; ${rest}`, text, path);
    }
    return true;
  }

  #entry(sample: JsonRecord | string, envelopes: readonly Envelope[], text: string | undefined): void {
    this.found++;
    this.#visitor.entry(sample, { envelopes, text });
  }

  #reject(reason: RejectReason, detail: string, text: string, path: readonly Envelope[]): void {
    this.found++;
    this.#visitor.reject(reason, detail, text, path);
  }
}

/** The first character that is no white space; 0 when there is none. */
function firstMark(text: string, from = 0): number {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    // 0xfeff: the mark some writers put before the first line of a file.
    if (c > 32 && c !== 0xfeff) return c;
  }
  return 0;
}

/** Whether a text ends as it should when it begins as JSON; most that can't be JSON need not be parsed to know. */
function isWhole(text: string, first: number): boolean {
  if (first !== open && first !== bracket) return false;
  let i = text.length - 1;
  while (i > 0 && text.charCodeAt(i) <= 32) i--;
  return text.charCodeAt(i) === (first === open ? close : closeBracket);
}

function isJson(text: string): boolean {
  const first = firstMark(text);
  return isWhole(text, first);
}

function isObject(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
