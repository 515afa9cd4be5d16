import type { EventField, RejectReason } from "../access-event.ts";
import type { Draft } from "../draft.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import type { CustomFormatConfig, TimeUnit } from "../normalize-config.ts";
import { readTime } from "../read-time.ts";
import { asnOf, countryOf, headerOf, textOf, withinOf } from "../read-value.ts";
import { isEnforcement, outcomeOf } from "../shop-keys.ts";

/**
 * Any flat or nested JSON log of one's own, by a map from our fields to its paths.
 *
 * Traps: a path with dots goes deeper, so a key that itself has a dot is written `["a.b"]`. A time
 * without a unit is read by its shape and size, a duration without one is in milliseconds.
 */
export function customJson(name: string, config: CustomFormatConfig): JsonFormat {
  const at = new Map<string, Mapped>();
  const attributes: { name: string; path: readonly string[] }[] = [];
  for (const [field, given] of Object.entries(config.fields)) {
    const { path, unit, at: moment } = typeof given === "string" ? { path: given, unit: undefined, at: "end" } : given;
    if (field.startsWith("attributes.")) attributes.push({ name: field.slice(11), path: parsePath(path) });
    else at.set(field, { path: parsePath(path), text: path, unit, start: moment === "start" });
  }
  const value = (record: JsonRecord, field: string) => {
    const mapped = at.get(field);
    return mapped && valueAt(record, mapped.path);
  };

  return {
    id: name,
    title: `${name} (a format of one's own)`,
    kind: "json",
    provides: provided([...at.keys()], attributes.length > 0),

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

/** `client.ip` and `["a.b"].c` as the keys to follow. */
function parsePath(path: string): readonly string[] {
  const keys: string[] = [];
  for (const [, quoted, plain] of path.matchAll(/\["([^"]+)"\]|([^.[\]]+)/g)) keys.push(quoted ?? plain ?? "");
  return keys;
}

function valueAt(record: JsonRecord, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonRecord)[key];
  }
  return value;
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

function provided(fields: readonly string[], attributes: boolean): EventField[] {
  const derived: EventField[] = ["time", "gateway", "method", "path", "route", "endpointClass", "owner", "status", "outcome"]; // prettier-ignore
  const has = (...names: string[]) => names.some((name) => fields.includes(name));
  if (has("durationMs") || has("time")) derived.push("startedAt");
  if (has("clientIp", "peerIp", "forwardedFor", "forwarded")) derived.push("clientIp", "clientKey", "clientIpTrust");
  if (has("upstreamStatus")) derived.push("answeredBy");
  if (attributes) derived.push("attributes");
  const own = fields.filter((name) => !["forwardedFor", "forwarded", "upstreamStatus", "operation"].includes(name));
  return [...new Set([...derived, ...(own as EventField[])])];
}
