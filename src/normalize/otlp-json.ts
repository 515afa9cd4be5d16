import type { JsonRecord } from "./log-format.ts";
import { type Attributes, flatRecord, maxValueDepth, resourceAttributes, type TakeOtlp } from "./otlp-record.ts";

/**
 * Hands over the log records of an OTLP request in JSON. Whatever has another type than it should
 * have is left out; 64-bit numbers may be text or numbers, as the specification says.
 */
export function readOtlpJson(request: JsonRecord, take: TakeOtlp): void {
  for (const resourceLogs of objectsOf(request.resourceLogs)) {
    const resource = resourceAttributes(attributesOf(objectOf(resourceLogs.resource)?.attributes, 0));
    for (const scopeLogs of objectsOf(resourceLogs.scopeLogs)) {
      for (const logRecord of objectsOf(scopeLogs.logRecords)) {
        const body = valueOf(logRecord.body, 0);
        const record = flatRecord(resource, attributesOf(logRecord.attributes, 0), {
          timeUnixNano: nanosOf(logRecord.timeUnixNano),
          observedTimeUnixNano: nanosOf(logRecord.observedTimeUnixNano),
          body,
          traceId: idOf(logRecord.traceId),
          spanId: idOf(logRecord.spanId),
        });
        if (!take(record, body)) return;
      }
    }
  }
}

// helpers

function objectOf(value: unknown): JsonRecord | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined;
}

function* objectsOf(values: unknown): Generator<JsonRecord> {
  if (!Array.isArray(values)) return;
  for (const value of values as unknown[]) {
    const object = objectOf(value);
    if (object !== undefined) yield object;
  }
}

function attributesOf(values: unknown, depth: number): Attributes {
  const attributes: (readonly [string, unknown])[] = [];
  for (const { key, value } of objectsOf(values)) {
    if (typeof key === "string") attributes.push([key, valueOf(value, depth)]);
  }
  return attributes;
}

/** A value as JSON has it; `undefined` for none, and for what is nested too deep. */
function valueOf(any: unknown, depth: number): unknown {
  const value = objectOf(any);
  if (value === undefined || depth > maxValueDepth) return undefined;
  const simple = value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue;
  if (simple !== undefined) return typeof simple === "object" ? undefined : simple;
  const list = objectOf(value.arrayValue);
  if (list !== undefined) return Array.from(objectsOf(list.values), (item) => valueOf(item, depth + 1));
  const map = objectOf(value.kvlistValue);
  if (map !== undefined) return Object.fromEntries(attributesOf(map.values, depth + 1));
  return typeof value.bytesValue === "string" ? Buffer.from(value.bytesValue, "base64").toString("utf8") : undefined;
}

function nanosOf(value: unknown): string | undefined {
  if (value === 0 || value === "0") return undefined;
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? value : undefined;
}

function idOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.toLowerCase() : undefined;
}
