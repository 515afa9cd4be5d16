import type { Draft } from "../draft.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readTime } from "../read-time.ts";
import { asnOf, countryOf, headerOf, textOf, withinOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";
import { targetWithQuery } from "../target-query.ts";

/**
 * OpenTelemetry's semantic conventions for HTTP servers, as attributes of a log record: the stable
 * names (`http.request.method`), and those before (`http.method`).
 *
 * Traps: `client.address` is what an instrumentation made of the headers, often their leftmost
 * entry, which the client writes: it never makes an address sure. `network.peer.address` is the
 * socket's other end. A header is a list of texts. An unknown method is `_OTHER`. There is no status
 * when nothing was answered. No attribute of a log has a duration by convention: the metric's
 * (`http.server.request.duration`, seconds) and others that name their unit are read; `duration` does not.
 */
export const otelHttp: JsonFormat = {
  id: "otel-http",
  title: "OpenTelemetry, semantic conventions for HTTP",
  kind: "json",
  keys: {
    '["otlp.timeUnixNano"]': "time",
    '["otlp.observedTimeUnixNano"]': "time",
    timestamp: "time",
    time: "time",
    '["client.address"]': "clientIp",
    '["http.client_ip"]': "clientIp",
    '["network.peer.address"]': ["peerIp", "clientIp"],
    '["net.sock.peer.addr"]': ["peerIp", "clientIp"],
    '["net.peer.ip"]': ["peerIp", "clientIp"],
    '["http.request.header.x-forwarded-for"]': "clientIp",
    '["http.request.header.x_forwarded_for"]': "clientIp",
    '["http.request.header.forwarded"]': "clientIp",
    '["http.request.method"]': "method",
    '["http.request.method_original"]': "method",
    '["http.method"]': "method",
    '["url.path"]': "path",
    '["url.query"]': "path",
    '["url.full"]': "path",
    '["http.target"]': "path",
    '["http.url"]': "path",
    '["server.address"]': "host",
    '["http.request.header.host"]': "host",
    '["http.host"]': "host",
    '["net.host.name"]': "host",
    '["http.response.status_code"]': "status",
    '["http.status_code"]': "status",
    '["error.type"]': "status",
    '["http.server.request.duration"]': "durationMs",
    '["http.server.duration"]': "durationMs",
    '["event.duration"]': "durationMs",
    duration_ms: "durationMs",
    '["http.request.size"]': "requestBytes",
    '["http.request.body.size"]': "requestBytes",
    '["http.request_content_length"]': "requestBytes",
    '["http.response.size"]': "responseBytes",
    '["http.response.body.size"]': "responseBytes",
    '["http.response_content_length"]': "responseBytes",
    '["http.request.header.x-request-id"]': "requestId",
    '["http.request.header.x_request_id"]': "requestId",
    '["otlp.traceId"]': "requestId",
    '["user_agent.original"]': "userAgent",
    '["http.user_agent"]': "userAgent",
    '["http.request.header.user-agent"]': "userAgent",
    '["user.id"]': "userId",
    '["enduser.id"]': "userId",
    '["user.name"]': "userId",
    '["user.roles"]': "role",
    '["session.id"]': "sessionId",
    '["device.id"]': "deviceId",
    '["geo.country.iso_code"]': "country",
    '["client.geo.country_iso_code"]': "country",
    '["geo.location.lat"]': "latitude",
    '["geo.location.lon"]': "longitude",
    '["client.as.number"]': "asn",
    '["http.request.header.x-http-method-override"]': "methodOverride",
    '["graphql.operation.name"]': [],
    ...shopKeys,
  },

  matches(sample) {
    if ((sample["http.request.method"] ?? sample["http.method"]) === undefined) return 0;
    if (statusOf(sample) === undefined || targetOf(sample) === undefined) return 0;
    const isOtlp = sample["otlp.timeUnixNano"] !== undefined || sample["otlp.observedTimeUnixNano"] !== undefined;
    return isOtlp ? 0.95 : timeOf(sample) === undefined ? 0 : 0.7;
  },

  read(record, draft) {
    readClient(record, draft);
    draft.host =
      textOf(record["server.address"]) ??
      headerOf(record["http.request.header.host"]) ??
      textOf(record["http.host"]) ??
      textOf(record["net.host.name"]);
    draft.userAgent =
      textOf(record["user_agent.original"]) ??
      textOf(record["http.user_agent"]) ??
      headerOf(record["http.request.header.user-agent"]);
    draft.requestId =
      headerOf(record["http.request.header.x-request-id"] ?? record["http.request.header.x_request_id"]) ??
      textOf(record["otlp.traceId"]);
    draft.methodOverride = headerOf(record["http.request.header.x-http-method-override"]);
    draft.userId = textOf(record["user.id"]) ?? textOf(record["enduser.id"]) ?? textOf(record["user.name"]);
    readShopKeys(record, draft);
    draft.role ??= headerOf(record["user.roles"]);
    draft.sessionId ??= textOf(record["session.id"]);
    draft.deviceId ??= textOf(record["device.id"]);
    draft.operation ??= textOf(record["graphql.operation.name"]);
    draft.country ??= countryOf(record["geo.country.iso_code"]) ?? countryOf(record["client.geo.country_iso_code"]);
    draft.latitude ??= withinOf(record["geo.location.lat"], -90, 90);
    draft.longitude ??= withinOf(record["geo.location.lon"], -180, 180);
    draft.asn ??= asnOf(record["client.as.number"]);
    return (
      draft.endedAt(timeOf(record), "timeUnixNano") ??
      draft.asked(methodOf(record), targetOf(record), "url.path") ??
      draft.answered(statusOf(record), "http.response.status_code") ??
      draft.took(record["event.duration"], 0.000_001, "event.duration") ??
      draft.took(record.duration_ms, 1, "duration_ms") ??
      draft.took(record["http.server.duration"], 1, "http.server.duration") ??
      draft.took(record["http.server.request.duration"], 1000, "http.server.request.duration") ??
      draft.moved(
        record["http.request.size"] ?? record["http.request.body.size"] ?? record["http.request_content_length"],
        record["http.response.size"] ?? record["http.response.body.size"] ?? record["http.response_content_length"],
      )
    );
  },
};

// helpers

/** The socket's other end, the headers, and last what the instrumentation says. */
function readClient(record: JsonRecord, draft: Draft): void {
  draft.peerIp =
    textOf(record["network.peer.address"]) ?? textOf(record["net.sock.peer.addr"]) ?? textOf(record["net.peer.ip"]);
  draft.forwardedFor = headerOf(
    record["http.request.header.x-forwarded-for"] ?? record["http.request.header.x_forwarded_for"],
  );
  draft.forwarded = headerOf(record["http.request.header.forwarded"]);
  draft.claimedIp = textOf(record["client.address"]) ?? textOf(record["http.client_ip"]);
}

/** The answer was written when the record was; collectors leave "0" where they know no time. */
function timeOf(record: JsonRecord): number | undefined {
  const time = record["otlp.timeUnixNano"];
  if (time !== undefined && time !== "0" && time !== 0) return readTime(time, "ns");
  const observed = record["otlp.observedTimeUnixNano"];
  if (observed !== undefined) return readTime(observed, "ns");
  return readTime(record.timestamp ?? record.time, undefined);
}

function methodOf(record: JsonRecord): unknown {
  const method = record["http.request.method"] ?? record["http.method"];
  return method === "_OTHER" ? (record["http.request.method_original"] ?? method) : method;
}

function targetOf(record: JsonRecord): unknown {
  const path = record["url.path"];
  if (path !== undefined) return targetWithQuery(path, record["url.query"]);
  return record["http.target"] ?? record["url.full"] ?? record["http.url"];
}

/** None is there when nothing was answered; then the kind of error is. */
function statusOf(record: JsonRecord): unknown {
  const status = record["http.response.status_code"] ?? record["http.status_code"];
  return status === undefined && record["error.type"] !== undefined ? 0 : status;
}
