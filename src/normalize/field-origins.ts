import type { AccessEvent, EventField, RejectReason } from "./access-event.ts";
import { parseKeyPath, valueAt } from "./key-path.ts";
import type { JsonRecord, LogFormat } from "./log-format.ts";

/** What reading a record came to. */
export type Reading = { readonly event: AccessEvent } | { readonly reason: RejectReason };

/**
 * Which parts of a record an event's fields came from. Where the record is an object, that is found
 * by trying: a part is taken out, or changed, and the record read again; what the format declares
 * for the part and what changed then is the part's. Of a line of text it is what the format declares.
 * Where several have a hand in a field, all are named, in the format's order.
 */
export function fieldOrigins(options: {
  readonly format: LogFormat;
  readonly sample: JsonRecord | string;
  readonly event: AccessEvent;
  /** Reads a record as this one was read. */
  readonly read: (sample: JsonRecord) => Reading;
}): ReadonlyMap<EventField, readonly string[]> {
  const { format, sample, event, read } = options;
  const origins = new Map<EventField, string[]>();
  const add = (field: EventField, part: string) => {
    const parts = origins.get(field);
    if (parts === undefined) origins.set(field, [part]);
    else if (!parts.includes(part)) parts.push(part);
  };
  const declared = Object.entries(format.keys).map(([part, fields]) => ({ part, fields: [fields].flat() }));
  if (typeof sample === "object") {
    const present = declared.filter(({ part }) => isPresent(valueAt(sample, parseKeyPath(part))));
    for (const { part, fields } of present) {
      const path = parseKeyPath(part);
      for (const other of [without(sample, path), disturbed(sample, path)]) {
        for (const field of changed(event, other === undefined ? undefined : read(other), fields)) add(field, part);
      }
    }
    // What no single part changes is told by several alike, or by a part that others would stand in for.
    const found = new Set(origins.keys());
    for (const { part, fields } of present) for (const field of fields) if (!found.has(field)) add(field, part);
    return origins;
  }
  for (const { part, fields } of declared) for (const field of fields) add(field, part);
  return origins;
}

// helpers

/** What gateways write where they have nothing. */
function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== "-";
}

/** Of a part's fields, those that are another thing without it. */
function changed(event: AccessEvent, again: Reading | undefined, fields: readonly EventField[]): readonly EventField[] {
  if (again === undefined) return [];
  if ("event" in again) return fields.filter((field) => !isSame(event[field], again.event[field]));
  const field = missedBy[again.reason];
  return field === undefined ? fields : fields.filter((one) => one === field);
}

const missedBy: Partial<Record<RejectReason, EventField>> = {
  no_time: "time",
  bad_time: "time",
  no_status: "status",
  bad_status: "status",
  no_method: "method",
  no_path: "path",
};

function isSame(one: unknown, other: unknown): boolean {
  return Object.is(one, other) || (typeof one === "object" && JSON.stringify(one) === JSON.stringify(other));
}

/** A copy of the record without what lies there; the record itself stays as it is. */
function without(record: JsonRecord, path: readonly string[]): JsonRecord | undefined {
  return replaced(record, path, undefined);
}

/** A copy with something else there, for parts that have others to stand in for them. */
function disturbed(record: JsonRecord, path: readonly string[]): JsonRecord | undefined {
  const value = valueAt(record, path);
  if (typeof value === "string") return replaced(record, path, `${value}~`);
  return typeof value === "number" ? replaced(record, path, value + 1) : undefined;
}

function replaced(record: JsonRecord, [key, ...rest]: readonly string[], value: unknown): JsonRecord | undefined {
  if (key === undefined || !Object.hasOwn(record, key)) return undefined;
  const inner = record[key];
  const next = rest.length === 0 ? value : replaced(inner as JsonRecord, rest, value);
  const copy: Record<string, unknown> = { ...record, [key]: next };
  if (next === undefined) delete copy[key];
  return copy;
}
