import type { EventField } from "../access-event.ts";
import type { CustomFieldName } from "../custom-fields.ts";
import type { Draft } from "../draft.ts";
import type { FieldMapConfig, TimeUnit } from "../formats-config.ts";
import { parseKeyPath, valueAt } from "../key-path.ts";
import type { JsonFormat, JsonRecord, RecordKeys } from "../log-format.ts";
import { readTime } from "../read-time.ts";
import { asnOf, countryOf, headerOf, textOf, withinOf } from "../read-value.ts";
import { isEnforcement, outcomeOf } from "../shop-keys.ts";

/**
 * Any flat or nested JSON log of one's own, by a map from our fields to its paths.
 *
 * Traps: a path with dots goes deeper, so a key that itself has a dot is written `["a.b"]`. A time
 * without a unit is read by its shape and size, a duration without one is in milliseconds.
 */
export function customJson(name: string, config: FieldMapConfig): JsonFormat {
  const of = (field: CustomFieldName) => mappedField(config, field);
  const [time, method, path, status] = [of("time"), of("method"), of("path"), of("status")];
  const [duration, upstream] = [of("durationMs"), of("upstreamMs")];
  const [requestBytes, responseBytes] = [of("requestBytes"), of("responseBytes")];
  const others = othersOf(config);
  const attributes = attributesOf(config);

  return {
    id: name,
    title: `${name} (a format of one's own)`,
    kind: "json",
    keys: keysOf(config),

    matches(sample) {
      return [time, method, path, status].every(({ get }) => get(sample) !== undefined) ? 1 : 0;
    },

    read(record, draft) {
      const when = readTime(time.get(record), time.unit);
      const rejected =
        (time.isStart ? draft.beganAt(when, time.path) : draft.endedAt(when, time.path)) ??
        draft.asked(method.get(record), path.get(record), path.path) ??
        draft.answered(status.get(record), status.path) ??
        draft.took(duration.get(record), duration.msPerUnit, "durationMs") ??
        draft.upstreamTook(upstream.get(record), upstream.msPerUnit, "upstreamMs") ??
        draft.moved(requestBytes.get(record), responseBytes.get(record));
      if (rejected) return rejected;
      for (let i = 0; i < others.length; i++) others[i]!.fill(draft, others[i]!.get(record));
      if (attributes.length > 0) draft.attributes = valuesOf(attributes, record);
      return undefined;
    },
  };
}

// helpers

/** Takes a value out of a record. */
type Getter = (record: JsonRecord) => unknown;

/** Where a field comes from. */
interface MappedField {
  readonly get: Getter;
  /** As the configuration writes it. */
  readonly path: string;
  readonly unit: TimeUnit | undefined;
  readonly msPerUnit: number;
  readonly isStart: boolean;
}

/** What a field's value becomes; here only those that can't be wrong. In this order. */
const fillers = {
  clientIp: (draft, value) => void (draft.clientIp = textOf(value)),
  peerIp: (draft, value) => void (draft.peerIp = textOf(value)),
  forwardedFor: (draft, value) => void (draft.forwardedFor = headerOf(value)),
  forwarded: (draft, value) => void (draft.forwarded = headerOf(value)),
  host: (draft, value) => void (draft.host = textOf(value)),
  requestId: (draft, value) => void (draft.requestId = textOf(value)),
  userId: (draft, value) => void (draft.userId = textOf(value)),
  role: (draft, value) => void (draft.role = textOf(value)),
  apiKey: (draft, value) => void (draft.apiKey = textOf(value)),
  sessionId: (draft, value) => void (draft.sessionId = textOf(value)),
  deviceId: (draft, value) => void (draft.deviceId = textOf(value)),
  userAgent: (draft, value) => void (draft.userAgent = headerOf(value)),
  country: (draft, value) => void (draft.country = countryOf(value)),
  asn: (draft, value) => void (draft.asn = asnOf(value)),
  latitude: (draft, value) => void (draft.latitude = withinOf(value, -90, 90)),
  longitude: (draft, value) => void (draft.longitude = withinOf(value, -180, 180)),
  methodOverride: (draft, value) => void (draft.methodOverride = textOf(value)),
  operation: (draft, value) => void (draft.operation = textOf(value)),
  outcome: (draft, value) => void (draft.outcome = outcomeOf(value)),
  enforced: (draft, value) => void (draft.enforced = isEnforcement(value)),
  answeredBy(draft, value) {
    if (value === "gateway" || value === "upstream") draft.answeredBy = value;
  },
  upstreamStatus(draft, value) {
    if (value !== undefined) draft.answeredBy = textOf(value) === undefined ? "gateway" : "upstream";
  },
} as const satisfies Partial<Record<CustomFieldName, (draft: Draft, value: unknown) => void>>;

function othersOf(config: FieldMapConfig) {
  return (Object.keys(fillers) as (keyof typeof fillers)[])
    .filter((field) => Object.hasOwn(config.fields, field))
    .map((field) => ({ get: mappedField(config, field).get, fill: fillers[field] }));
}

function mappedField({ fields }: FieldMapConfig, field: CustomFieldName): MappedField {
  const given = fields[field];
  if (given === undefined) return { get: () => undefined, path: field, unit: undefined, msPerUnit: 1, isStart: false };
  const { path, unit, at } = typeof given === "string" ? { path: given, unit: undefined, at: "end" } : given;
  return { get: getterOf(path), path, unit, msPerUnit: msPerUnit(unit), isStart: at === "start" };
}

/** Most paths are short; following a list of keys is slower than looking up one or two. */
function getterOf(path: string): Getter {
  const keys = parseKeyPath(path);
  const [first = "", second = ""] = keys;
  if (keys.length === 1) return (record) => record[first];
  if (keys.length > 2) return (record) => valueAt(record, keys);
  return (record) => {
    const inner = record[first];
    return typeof inner === "object" && inner !== null ? (inner as JsonRecord)[second] : undefined;
  };
}

interface MappedAttribute {
  readonly name: string;
  readonly get: Getter;
}

function attributesOf({ fields }: FieldMapConfig): readonly MappedAttribute[] {
  return Object.entries(fields)
    .filter(([field]) => field.startsWith("attributes."))
    .map(([field, given]) => ({
      name: field.slice("attributes.".length),
      get: getterOf(typeof given === "string" ? given : given.path),
    }));
}

function valuesOf(attributes: readonly MappedAttribute[], record: JsonRecord): JsonRecord | undefined {
  let values: Record<string, unknown> | undefined;
  for (const { name, get } of attributes) {
    const value = get(record);
    if (value === undefined || value === null || name === "__proto__") continue;
    values ??= {};
    values[name] = value;
  }
  return values;
}

function msPerUnit(unit: TimeUnit | undefined): number {
  switch (unit) {
    case "s":
      return 1000;
    case "us":
      return 0.001;
    case "ns":
      return 0.000_001;
    default:
      return 1;
  }
}

/** What only this stage reads, and what it fills. */
const readHere: Readonly<Record<string, EventField | readonly EventField[]>> = {
  forwardedFor: "clientIp",
  forwarded: "clientIp",
  peerIp: ["peerIp", "clientIp"],
  upstreamStatus: "answeredBy",
  operation: [],
};

function keysOf({ fields }: FieldMapConfig): RecordKeys {
  const keys: Record<string, EventField[]> = {};
  for (const [field, given] of Object.entries(fields)) {
    const filled = field.startsWith("attributes.") ? "attributes" : (readHere[field] ?? (field as EventField));
    const path = typeof given === "string" ? given : given.path;
    keys[path] = [...(keys[path] ?? []), ...(typeof filled === "string" ? [filled] : filled)];
  }
  return keys;
}
