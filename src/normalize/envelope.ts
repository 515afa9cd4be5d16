import type { JsonRecord } from "./log-format.ts";

/** What log entries are wrapped in on their way; `gzip` is taken off by the source. */
export const envelopes = [
  "gzip", "array", "ndjson", "vector", "fluent-bit", "filebeat", "otlp-json", "otlp-protobuf", "cloudwatch",
  "event-hubs", "message", "container", "syslog",
] as const; // prettier-ignore
export type Envelope = (typeof envelopes)[number];

/** What a shipper's object carries, and what it is called. */
export interface Carried {
  readonly envelope: Envelope;
  /** Text: a log line, which may be JSON. Otherwise the line's fields, already parsed. */
  readonly inner: string | JsonRecord;
}

/** Where shippers put the fields that they have parsed: Fluent Bit's usual `merge_log_key`, Filebeat's `json`. */
const parsedKeys = ["log_processed", "parsed", "json"] as const;
/** Where they put the line itself. */
const lineKeys = ["message", "log", "body", "MESSAGE", "otlp.body"] as const;

/**
 * What an object carries when it is a shipper's; `undefined` when it carries nothing. `isRecord` says
 * whether an object is an access record: those are the only parsed fields that count.
 */
export function carriedBy(object: JsonRecord, isRecord: (inner: JsonRecord) => boolean): Carried | undefined {
  for (const key of parsedKeys) {
    const inner = object[key];
    if (isObject(inner) && isRecord(inner)) return { envelope: nameOf(object, key), inner };
  }
  let line: Carried | undefined;
  for (const key of lineKeys) {
    const inner = object[key];
    if (typeof inner === "string" && inner !== "") {
      // A line in JSON says more than a sentence beside it.
      if (inner.trimStart().startsWith("{")) return { envelope: nameOf(object, key), inner };
      line ??= { envelope: nameOf(object, key), inner };
    } else if (isObject(inner) && isRecord(inner)) return { envelope: nameOf(object, key), inner };
  }
  return line;
}

/** Whether an object has any of the keys that `carriedBy` looks at. Most records have none. */
export function mayCarry(object: JsonRecord): boolean {
  return (
    object.message !== undefined ||
    object.log !== undefined ||
    object.body !== undefined ||
    object.MESSAGE !== undefined ||
    object.log_processed !== undefined ||
    object.parsed !== undefined ||
    object.json !== undefined
  );
}

// helpers

function isObject(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Which shipper's object it is, by the marks that only that one leaves. */
function nameOf(object: JsonRecord, key: string): Envelope {
  if (typeof object.source_type === "string") return "vector";
  if (isObject(object["@metadata"])) return "filebeat";
  if (key === "log_processed") return "fluent-bit";
  const time = object["@timestamp"] ?? object.date;
  if (typeof time === "number") return "fluent-bit";
  return key === "log" && (time !== undefined || isObject(object.kubernetes)) ? "fluent-bit" : "message";
}
