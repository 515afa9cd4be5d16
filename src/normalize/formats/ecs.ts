import type { EventField } from "../access-event.ts";
import type { Draft } from "../draft.ts";
import type { JsonFormat, JsonRecord, RecordKeys } from "../log-format.ts";
import { readTime } from "../read-time.ts";
import { asnOf, countryOf, headerOf, textOf, withinOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";
import { targetWithQuery } from "../target-query.ts";

/** What is read, by the names of the schema, and what it fills. */
const fields = {
  "@timestamp": "time",
  "event.start": ["time", "startedAt"],
  "event.end": "time",
  "event.duration": "durationMs",
  "client.ip": "clientIp",
  "client.address": "clientIp",
  "source.ip": ["clientIp", "peerIp"],
  "source.address": ["clientIp", "peerIp"],
  "network.forwarded_ip": "clientIp",
  "http.request.method": "method",
  "http.request.id": "requestId",
  "trace.id": "requestId",
  "http.request.bytes": "requestBytes",
  "http.request.body.bytes": "requestBytes",
  "http.response.status_code": "status",
  "http.response.bytes": "responseBytes",
  "http.response.body.bytes": "responseBytes",
  "url.original": "path",
  "url.path": "path",
  "url.query": "path",
  "url.full": "path",
  "url.domain": "host",
  "user_agent.original": "userAgent",
  "user.id": "userId",
  "client.user.id": "userId",
  "source.user.id": "userId",
  "user.name": "userId",
  "user.roles": "role",
  "session.id": "sessionId",
  "device.id": "deviceId",
  "client.geo.country_iso_code": "country",
  "source.geo.country_iso_code": "country",
  "client.geo.location": ["latitude", "longitude"],
  "source.geo.location": ["latitude", "longitude"],
  "client.as.number": "asn",
  "source.as.number": "asn",
} as const satisfies Readonly<Record<string, EventField | readonly EventField[]>>;

type Field = keyof typeof fields;

/**
 * The Elastic Common Schema, as Logstash, Filebeat and applications write it.
 *
 * Traps: keys are nested, or have dots, or both (`{"http":{"response.status_code":200}}`).
 * `event.duration` is in nanoseconds. `@timestamp` is when the source wrote it, but where there is a
 * duration and no `event.start` or `event.end`, it is the start, as most that measure one have it.
 * `source` is the socket's other end where `client` is there, too; alone, it is the client.
 * `network.forwarded_ip` may be any entry of a header: it never makes an address sure.
 */
export const ecs: JsonFormat = {
  id: "ecs",
  title: "Elastic Common Schema",
  kind: "json",
  keys: { ...keysOfFields(), ...shopKeys },

  matches(sample) {
    if (at(sample, "@timestamp") === undefined || at(sample, "http.request.method") === undefined) return 0;
    if (at(sample, "http.response.status_code") === undefined || sample["otlp.timeUnixNano"] !== undefined) return 0;
    return targetOf(sample) === undefined ? 0 : 0.95;
  },

  read(record, draft) {
    const client = textOf(at(record, "client.ip")) ?? textOf(at(record, "client.address"));
    const source = textOf(at(record, "source.ip")) ?? textOf(at(record, "source.address"));
    draft.clientIp = client ?? source;
    draft.peerIp = client === undefined ? undefined : source;
    draft.claimedIp = textOf(at(record, "network.forwarded_ip"));
    draft.host = textOf(at(record, "url.domain"));
    draft.requestId = textOf(at(record, "http.request.id")) ?? textOf(at(record, "trace.id"));
    draft.userAgent = textOf(at(record, "user_agent.original"));
    draft.userId =
      textOf(at(record, "user.id")) ??
      textOf(at(record, "client.user.id")) ??
      textOf(at(record, "source.user.id")) ??
      textOf(at(record, "user.name"));
    readShopKeys(record, draft);
    draft.role ??= headerOf(at(record, "user.roles"));
    draft.sessionId ??= textOf(at(record, "session.id"));
    draft.deviceId ??= textOf(at(record, "device.id"));
    draft.country ??=
      countryOf(at(record, "client.geo.country_iso_code")) ?? countryOf(at(record, "source.geo.country_iso_code"));
    draft.asn ??= asnOf(at(record, "client.as.number") ?? at(record, "source.as.number"));
    readLocation(at(record, "client.geo.location") ?? at(record, "source.geo.location"), draft);

    const duration = at(record, "event.duration");
    const end = at(record, "event.end");
    const rejected =
      end === undefined && duration !== undefined
        ? draft.beganAt(readTime(at(record, "event.start") ?? at(record, "@timestamp"), undefined), "event.start")
        : draft.endedAt(readTime(end ?? at(record, "@timestamp"), undefined), "@timestamp");
    return (
      rejected ??
      draft.asked(at(record, "http.request.method"), targetOf(record), "url.path") ??
      draft.answered(at(record, "http.response.status_code"), "http.response.status_code") ??
      draft.took(duration, 0.000_001, "event.duration") ??
      draft.moved(
        at(record, "http.request.bytes") ?? at(record, "http.request.body.bytes"),
        at(record, "http.response.bytes") ?? at(record, "http.response.body.bytes"),
      )
    );
  },
};

// helpers

/** Every way to write a name with dots as keys in keys: `a.b.c` is `a → b → c`, `a.b → c`, `a → b.c` or `a.b.c`. */
function spellings(name: string): readonly (readonly string[])[] {
  const dot = name.indexOf(".");
  if (dot < 0) return [[name]];
  const first = name.slice(0, dot);
  const rest = spellings(name.slice(dot + 1));
  return [...rest.map((keys) => [first, ...keys]), ...rest.map(([next, ...keys]) => [`${first}.${next}`, ...keys])];
}

const routes = Object.fromEntries(Object.keys(fields).map((name) => [name, spellings(name)])) as Readonly<
  Record<Field, readonly (readonly string[])[]>
>;

function keysOfFields(): RecordKeys {
  const keys: Record<string, EventField | readonly EventField[]> = {};
  for (const [name, filled] of Object.entries(fields)) {
    for (const route of spellings(name)) keys[route.map((key) => `["${key}"]`).join(".")] = filled;
  }
  return keys;
}

function at(record: JsonRecord, field: Field): unknown {
  for (const route of routes[field]) {
    let value: unknown = record;
    for (const key of route) {
      value = typeof value === "object" && value !== null ? (value as JsonRecord)[key] : undefined;
      if (value === undefined) break;
    }
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** `url.original` is what the client sent, perhaps with the host; `url.path` has no query. */
function targetOf(record: JsonRecord): unknown {
  const original = at(record, "url.original");
  if (original !== undefined) return original;
  const path = at(record, "url.path");
  return path === undefined ? at(record, "url.full") : targetWithQuery(path, at(record, "url.query"));
}

function readLocation(location: unknown, draft: Draft): void {
  if (typeof location !== "object" || location === null) return;
  const { lat, lon } = location as JsonRecord;
  draft.latitude ??= withinOf(lat, -90, 90);
  draft.longitude ??= withinOf(lon, -180, 180);
}
