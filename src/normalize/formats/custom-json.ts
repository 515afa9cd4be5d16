import type { EventField, RejectReason } from "../access-event.ts";
import type { Draft } from "../draft.ts";
import type { JsonFormat, JsonRecord, RecordKeys } from "../log-format.ts";
import type { FieldMapConfig, TimeUnit } from "../formats-config.ts";
import { parseKeyPath, valueAt } from "../key-path.ts";
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
  const at = new Map<string, Mapped>();
  const attributes: { name: string; path: readonly string[] }[] = [];
  for (const [field, given] of Object.entries(config.fields)) {
    const { path, unit, at: moment } = typeof given === "string" ? { path: given, unit: undefined, at: "end" } : given;
    if (field.startsWith("attributes.")) attributes.push({ name: field.slice(11), path: parseKeyPath(path) });
    else at.set(field, { path: parseKeyPath(path), text: path, unit, start: moment === "start" });
  }
  const value = (record: JsonRecord, field: string) => {
    const mapped = at.get(field);
    return mapped && valueAt(record, mapped.path);
  };

  return {
    id: name,
    title: `${name} (a format of one's own)`,
    kind: "json",
    keys: keysOf(config),

    matches(sample) {
      const found = ["time", "method", "path", "status"].filter((field) => value(sample, field) !== undefined);
      return found.length === 4 ? 1 : 0;
    },

    read(record, draft) {
      const { path = "time", unit, start = false } = spell(at.get("time"));
      const time = readTime(value(record, "time"), unit);
      const rejected =
        (start ? draft.beganAt(time, path) : draft.endedAt(time, path)) ??
        draft.asked(value(record, "method"), value(record, "path"), at.get("path")?.text ?? "path") ??
        draft.answered(value(record, "status"), at.get("status")?.text ?? "status") ??
        draft.took(value(record, "durationMs"), msPerUnit(at.get("durationMs")), "durationMs") ??
        draft.upstreamTook(value(record, "upstreamMs"), msPerUnit(at.get("upstreamMs")), "upstreamMs") ??
        draft.moved(value(record, "requestBytes"), value(record, "responseBytes"));
      if (rejected) return rejected;
      readRest((field) => (at.has(field) ? value(record, field) : undefined), draft);
      const upstreamStatus = value(record, "upstreamStatus");
      if (upstreamStatus !== undefined)
        draft.answeredBy = textOf(upstreamStatus) === undefined ? "gateway" : "upstream";
      if (attributes.length > 0) {
        draft.attributes = Object.fromEntries(attributes.map((entry) => [entry.name, valueAt(record, entry.path)]));
      }
      return undefined satisfies RejectReason | undefined;
    },
  };
}

// helpers

interface Mapped {
  readonly path: readonly string[];
  readonly text: string;
  readonly unit: TimeUnit | undefined;
  readonly start: boolean;
}

function spell(mapped: Mapped | undefined) {
  return { path: mapped?.text, unit: mapped?.unit, start: mapped?.start };
}

function readRest(value: (field: string) => unknown, draft: Draft): void {
  draft.clientIp = textOf(value("clientIp"));
  draft.peerIp = textOf(value("peerIp"));
  draft.forwardedFor = headerOf(value("forwardedFor"));
  draft.forwarded = headerOf(value("forwarded"));
  draft.host = textOf(value("host"));
  draft.requestId = textOf(value("requestId"));
  draft.userId = textOf(value("userId"));
  draft.role = textOf(value("role"));
  draft.apiKey = textOf(value("apiKey"));
  draft.sessionId = textOf(value("sessionId"));
  draft.deviceId = textOf(value("deviceId"));
  draft.userAgent = headerOf(value("userAgent"));
  draft.country = countryOf(value("country"));
  draft.asn = asnOf(value("asn"));
  draft.latitude = withinOf(value("latitude"), -90, 90);
  draft.longitude = withinOf(value("longitude"), -180, 180);
  draft.methodOverride = textOf(value("methodOverride"));
  draft.operation = textOf(value("operation"));
  draft.outcome = outcomeOf(value("outcome"));
  draft.enforced = isEnforcement(value("enforced"));
  const answeredBy = value("answeredBy");
  if (answeredBy === "gateway" || answeredBy === "upstream") draft.answeredBy = answeredBy;
}

function msPerUnit(mapped: Mapped | undefined): number {
  switch (mapped?.unit) {
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
