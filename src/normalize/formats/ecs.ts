import type { EventField, RejectReason } from "../access-event.ts";
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
    if (methodOf(sample) === undefined || statusOf(sample) === undefined) return 0;
    return targetOf(sample) === undefined ? 0 : 0.95;
  },

  read(record, draft) {
    const url = objectOf(record.url);
    const request = requestOf(record);
    const agent = objectOf(record.user_agent);
    readEnds(record, draft);
    draft.host = textOf(url.domain ?? record["url.domain"]);
    draft.userAgent = textOf(agent.original ?? record["user_agent.original"]);
    draft.requestId =
      textOf(request.id ?? objectOf(record.http)["request.id"] ?? record["http.request.id"]) ??
      textOf(objectOf(record.trace).id ?? record["trace.id"]);
    draft.userId = userOf(record);
    readShopKeys(record, draft);
    draft.role ??= headerOf(objectOf(record.user).roles ?? record["user.roles"]);
    draft.sessionId ??= textOf(objectOf(record.session).id ?? record["session.id"]);
    draft.deviceId ??= textOf(objectOf(record.device).id ?? record["device.id"]);
    readPlace(record, draft);
    return (
      readTimes(record, draft) ??
      draft.asked(methodOf(record), targetOf(record), "url.path") ??
      draft.answered(statusOf(record), "http.response.status_code") ??
      draft.moved(requestBytesOf(record), responseBytesOf(record))
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

const nothing: JsonRecord = {};

function objectOf(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null ? (value as JsonRecord) : nothing;
}

// Each spelling is written out: looking keys up by names that are put together would take longer than all the rest.

function requestOf(record: JsonRecord): JsonRecord {
  return objectOf(objectOf(record.http).request ?? record["http.request"]);
}

function responseOf(record: JsonRecord): JsonRecord {
  return objectOf(objectOf(record.http).response ?? record["http.response"]);
}

function methodOf(record: JsonRecord): unknown {
  return requestOf(record).method ?? objectOf(record.http)["request.method"] ?? record["http.request.method"];
}

function statusOf(record: JsonRecord): unknown {
  return (
    responseOf(record).status_code ??
    objectOf(record.http)["response.status_code"] ??
    record["http.response.status_code"]
  );
}

/** `url.original` is what the client sent, perhaps with the host; `url.path` has no query. */
function targetOf(record: JsonRecord): unknown {
  const url = objectOf(record.url);
  const original = url.original ?? record["url.original"];
  if (original !== undefined && original !== null) return original;
  const path = url.path ?? record["url.path"];
  if (path === undefined || path === null) return url.full ?? record["url.full"] ?? undefined;
  return targetWithQuery(path, url.query ?? record["url.query"]);
}

function requestBytesOf(record: JsonRecord): unknown {
  const http = objectOf(record.http);
  const request = requestOf(record);
  const body = objectOf(request.body ?? http["request.body"] ?? record["http.request.body"]);
  const all = request.bytes ?? http["request.bytes"] ?? record["http.request.bytes"];
  return all ?? body.bytes ?? request["body.bytes"] ?? http["request.body.bytes"] ?? record["http.request.body.bytes"];
}

function responseBytesOf(record: JsonRecord): unknown {
  const http = objectOf(record.http);
  const response = responseOf(record);
  const body = objectOf(response.body ?? http["response.body"] ?? record["http.response.body"]);
  const all = response.bytes ?? http["response.bytes"] ?? record["http.response.bytes"];
  return (
    all ?? body.bytes ?? response["body.bytes"] ?? http["response.body.bytes"] ?? record["http.response.body.bytes"]
  );
}

/** The client, and the socket's other end. */
function readEnds(record: JsonRecord, draft: Draft): void {
  const client = objectOf(record.client);
  const source = objectOf(record.source);
  const clientIp = textOf(client.ip ?? record["client.ip"]) ?? textOf(client.address ?? record["client.address"]);
  const sourceIp = textOf(source.ip ?? record["source.ip"]) ?? textOf(source.address ?? record["source.address"]);
  draft.clientIp = clientIp ?? sourceIp;
  draft.peerIp = clientIp === undefined ? undefined : sourceIp;
  draft.claimedIp = textOf(objectOf(record.network).forwarded_ip ?? record["network.forwarded_ip"]);
}

function readPlace(record: JsonRecord, draft: Draft): void {
  const client = objectOf(record.client);
  const source = objectOf(record.source);
  const clientGeo = objectOf(client.geo ?? record["client.geo"]);
  const sourceGeo = objectOf(source.geo ?? record["source.geo"]);
  draft.country ??=
    countryOf(clientGeo.country_iso_code ?? client["geo.country_iso_code"] ?? record["client.geo.country_iso_code"]) ??
    countryOf(sourceGeo.country_iso_code ?? source["geo.country_iso_code"] ?? record["source.geo.country_iso_code"]);
  draft.asn ??= asnOf(
    objectOf(client.as ?? record["client.as"]).number ??
      client["as.number"] ??
      record["client.as.number"] ??
      objectOf(source.as ?? record["source.as"]).number ??
      source["as.number"] ??
      record["source.as.number"],
  );
  const location =
    clientGeo.location ??
    client["geo.location"] ??
    record["client.geo.location"] ??
    sourceGeo.location ??
    source["geo.location"] ??
    record["source.geo.location"];
  const { lat, lon } = objectOf(location);
  draft.latitude ??= withinOf(lat, -90, 90);
  draft.longitude ??= withinOf(lon, -180, 180);
}

function userOf(record: JsonRecord): string | undefined {
  const user = objectOf(record.user);
  const client = objectOf(record.client);
  const source = objectOf(record.source);
  const clientUser = objectOf(client.user ?? record["client.user"]);
  const sourceUser = objectOf(source.user ?? record["source.user"]);
  return (
    textOf(user.id ?? record["user.id"]) ??
    textOf(clientUser.id ?? client["user.id"] ?? record["client.user.id"]) ??
    textOf(sourceUser.id ?? source["user.id"] ?? record["source.user.id"]) ??
    textOf(user.name ?? record["user.name"])
  );
}

function readTimes(record: JsonRecord, draft: Draft): RejectReason | undefined {
  const event = objectOf(record.event);
  const duration = event.duration ?? record["event.duration"] ?? undefined;
  const end = event.end ?? record["event.end"];
  const hasEnd = end !== undefined && end !== null;
  const rejected =
    !hasEnd && duration !== undefined
      ? draft.beganAt(readTime(event.start ?? record["event.start"] ?? record["@timestamp"], undefined), "event.start")
      : draft.endedAt(readTime(end ?? record["@timestamp"], undefined), "@timestamp");
  return rejected ?? draft.took(duration, 0.000_001, "event.duration");
}
