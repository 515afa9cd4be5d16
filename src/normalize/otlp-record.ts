import type { JsonRecord } from "./log-format.ts";

/**
 * Takes one OTLP log record as formats read it: flat, each attribute under its own name. `body` is
 * what it had for a body: a text, an object, or nothing. False: no more are wanted.
 */
export type TakeOtlp = (record: JsonRecord, body: unknown) => boolean;

/** What a log record of OTLP holds beside its attributes. */
export interface OtlpFields {
  /** Nanoseconds since 1970 in decimal digits; `undefined` for 0, which means that it is not known. */
  readonly timeUnixNano: string | undefined;
  readonly observedTimeUnixNano: string | undefined;
  readonly body: unknown;
  /** Lower-case hexadecimal digits. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

/** Attributes in their order. */
export type Attributes = readonly (readonly [name: string, value: unknown])[];

/** Lists and maps inside attributes are read so deep. */
export const maxValueDepth = 6;

/** A resource's attributes are copied to each of its records, so they are few. */
const maxResourceAttributes = 64;

/** A resource's attributes under the names that they have in a record. */
export function resourceAttributes(attributes: Attributes): Attributes {
  return attributes.slice(0, maxResourceAttributes).map(([name, value]) => [`resource.${name}`, value] as const);
}

/** A later attribute of the same name wins; nothing can pass for what the log record itself says. */
export function flatRecord(resource: Attributes, attributes: Attributes, fields: OtlpFields): JsonRecord {
  const record: Record<string, unknown> = {};
  for (const [name, value] of resource) record[name] = value;
  for (const [name, value] of attributes) if (name !== "__proto__") record[name] = value;
  record["otlp.timeUnixNano"] = fields.timeUnixNano;
  record["otlp.observedTimeUnixNano"] = fields.observedTimeUnixNano;
  record["otlp.body"] = typeof fields.body === "string" ? fields.body : undefined;
  record["otlp.traceId"] = fields.traceId;
  record["otlp.spanId"] = fields.spanId;
  return record;
}
