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
    if (sample["@timestamp"] === undefined || sample["otlp.timeUnixNano"] !== undefined) return 0;
    const found = findFields(sample);
    if (at(found, "http.request.method") === undefined || at(found, "http.response.status_code") === undefined)
      return 0;
    return targetOf(found) === undefined ? 0 : 0.95;
  },

  read(record, draft) {
    const found = findFields(record);
    const client = textOf(at(found, "client.ip")) ?? textOf(at(found, "client.address"));
    const source = textOf(at(found, "source.ip")) ?? textOf(at(found, "source.address"));
    draft.clientIp = client ?? source;
    draft.peerIp = client === undefined ? undefined : source;
    draft.claimedIp = textOf(at(found, "network.forwarded_ip"));
    draft.host = textOf(at(found, "url.domain"));
    draft.requestId = textOf(at(found, "http.request.id")) ?? textOf(at(found, "trace.id"));
    draft.userAgent = textOf(at(found, "user_agent.original"));
    draft.userId =
      textOf(at(found, "user.id")) ??
      textOf(at(found, "client.user.id")) ??
      textOf(at(found, "source.user.id")) ??
      textOf(at(found, "user.name"));
    readShopKeys(record, draft);
    draft.role ??= headerOf(at(found, "user.roles"));
    draft.sessionId ??= textOf(at(found, "session.id"));
    draft.deviceId ??= textOf(at(found, "device.id"));
    draft.country ??=
      countryOf(at(found, "client.geo.country_iso_code")) ?? countryOf(at(found, "source.geo.country_iso_code"));
    draft.asn ??= asnOf(at(found, "client.as.number") ?? at(found, "source.as.number"));
    readLocation(at(found, "client.geo.location") ?? at(found, "source.geo.location"), draft);

    const duration = at(found, "event.duration");
    const end = at(found, "event.end");
    const rejected =
      end === undefined && duration !== undefined
        ? draft.beganAt(readTime(at(found, "event.start") ?? at(found, "@timestamp"), undefined), "event.start")
        : draft.endedAt(readTime(end ?? at(found, "@timestamp"), undefined), "@timestamp");
    return (
      rejected ??
      draft.asked(at(found, "http.request.method"), targetOf(found), "url.path") ??
      draft.answered(at(found, "http.response.status_code"), "http.response.status_code") ??
      draft.took(duration, 0.000_001, "event.duration") ??
      draft.moved(
        at(found, "http.request.bytes") ?? at(found, "http.request.body.bytes"),
        at(found, "http.response.bytes") ?? at(found, "http.response.body.bytes"),
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

function keysOfFields(): RecordKeys {
  const keys: Record<string, EventField | readonly EventField[]> = {};
  for (const [name, filled] of Object.entries(fields)) {
    for (const route of spellings(name)) keys[route.map((key) => `["${key}"]`).join(".")] = filled;
  }
  return keys;
}

/** Where a key leads: to a field's value, to more keys, or to both. */
interface Place {
  index: number;
  readonly inside: Map<string, Place>;
}

const names = Object.keys(fields);
const indexOf = Object.fromEntries(names.map((name, i) => [name, i])) as Readonly<Record<Field, number>>;
const top = placesOf();

function placesOf(): Place {
  const root: Place = { index: -1, inside: new Map() };
  for (const [index, name] of names.entries()) {
    for (const route of spellings(name)) {
      let place = root;
      for (const key of route) {
        const next: Place = place.inside.get(key) ?? { index: -1, inside: new Map() };
        place.inside.set(key, next);
        place = next;
      }
      place.index = index;
    }
  }
  return root;
}

/** The values of the fields, each at its index: one way through the record, however its keys are spelled. */
type Found = unknown[];

const empty: readonly unknown[] = Array.from({ length: names.length });

function findFields(record: JsonRecord): Found {
  const found: Found = empty.slice();
  collect(record, top, found);
  return found;
}

function collect(object: JsonRecord, { inside }: Place, found: Found): void {
  for (const key in object) {
    const place = inside.get(key);
    if (place === undefined) continue;
    const value = object[key];
    if (value === undefined || value === null) continue;
    if (place.index >= 0) found[place.index] ??= value;
    if (place.inside.size > 0 && typeof value === "object") collect(value as JsonRecord, place, found);
  }
}

function at(found: Found, field: Field): unknown {
  return found[indexOf[field]];
}

/** `url.original` is what the client sent, perhaps with the host; `url.path` has no query. */
function targetOf(found: Found): unknown {
  const original = at(found, "url.original");
  if (original !== undefined) return original;
  const path = at(found, "url.path");
  return path === undefined ? at(found, "url.full") : targetWithQuery(path, at(found, "url.query"));
}

function readLocation(location: unknown, draft: Draft): void {
  if (typeof location !== "object" || location === null) return;
  const { lat, lon } = location as JsonRecord;
  draft.latitude ??= withinOf(lat, -90, 90);
  draft.longitude ??= withinOf(lon, -180, 180);
}
