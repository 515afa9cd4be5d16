import { splitRequest } from "../combined-line.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readUpstream } from "../nginx-upstream.ts";
import { readEpochSeconds, readTime } from "../read-time.ts";
import { countryOf, textOf, withinOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";
import { targetWithQuery } from "../target-query.ts";

/**
 * nginx with the `log_format` of `docs/formats.md`, or any JSON whose keys are the names of nginx's
 * variables: `time_iso8601`, `request`, `http_user_agent`, `http_x_forwarded_for`, and so on.
 *
 * Traps: times are in seconds, and `$msec` is when the line was written, so when the answer ended.
 * A variable without a value writes nothing, which makes `"x":,` of a number that was not quoted
 * (mended before it comes here). `$upstream_*` are lists after retries. `limit_req` and
 * `limit_conn` refuse with 503 unless told otherwise: a 503 that no upstream gave is a limiter's.
 * `$uri` is decoded and has no query, so `$request_uri` and `$request` come before it.
 */
export const nginxJson: JsonFormat = {
  id: "nginx-json",
  title: "nginx, JSON",
  kind: "json",
  keys: {
    msec: "time",
    time_iso8601: "time",
    time_local: "time",
    time: "time",
    timestamp: "time",
    "@timestamp": "time",
    request_time: "durationMs",
    remote_addr: "clientIp",
    peer: "peerIp",
    realip_remote_addr: "peerIp",
    xff: "clientIp",
    http_x_forwarded_for: "clientIp",
    x_forwarded_for: "clientIp",
    proxy_protocol_addr: "clientIp",
    forwarded: "clientIp",
    http_forwarded: "clientIp",
    method: "method",
    request_method: "method",
    request: ["method", "path"],
    request_uri: "path",
    uri: "path",
    path: "path",
    args: "path",
    query_string: "path",
    request_query: "path",
    host: "host",
    http_host: "host",
    vhost: "host",
    server_name: "host",
    status: "status",
    upstream_status: "answeredBy",
    upstream_addr: "answeredBy",
    upstream_response_time: "upstreamMs",
    request_length: "requestBytes",
    bytes_sent: "responseBytes",
    body_bytes_sent: "responseBytes",
    request_id: "requestId",
    http_x_request_id: "requestId",
    user: "userId",
    remote_user: "userId",
    ua: "userAgent",
    http_user_agent: "userAgent",
    method_override: "methodOverride",
    http_x_http_method_override: "methodOverride",
    geoip_country_code: "country",
    geoip_city_country_code: "country",
    geoip_latitude: "latitude",
    geoip_longitude: "longitude",
    ...shopKeys,
  },

  matches(sample) {
    if (sample.status === undefined || sample.remote_addr === undefined || timeOf(sample) === undefined) return 0;
    if (sample.request === undefined && targetOf(sample, undefined) === undefined) return 0;
    return sample.request_time === undefined ? 0.8 : 0.95;
  },

  read(record, draft) {
    draft.clientIp = textOf(record.remote_addr);
    draft.peerIp = textOf(record.peer) ?? textOf(record.realip_remote_addr);
    draft.forwardedFor = forwardedFor(record);
    draft.forwarded = textOf(record.forwarded) ?? textOf(record.http_forwarded);
    draft.host = textOf(record.host) ?? textOf(record.http_host) ?? textOf(record.vhost) ?? textOf(record.server_name);
    draft.requestId = textOf(record.request_id) ?? textOf(record.http_x_request_id);
    draft.userAgent = textOf(record.ua) ?? textOf(record.http_user_agent);
    draft.userId = textOf(record.user) ?? textOf(record.remote_user);
    draft.methodOverride = textOf(record.method_override) ?? textOf(record.http_x_http_method_override);
    readShopKeys(record, draft);
    draft.country ??= countryOf(record.geoip_country_code ?? record.geoip_city_country_code);
    draft.latitude ??= withinOf(record.geoip_latitude, -90, 90);
    draft.longitude ??= withinOf(record.geoip_longitude, -180, 180);

    const line = lineOf(record.request);
    const method = record.method ?? record.request_method ?? line?.method;
    return (
      draft.endedAt(timeOf(record), "msec") ??
      draft.asked(method, targetOf(record, line), "uri") ??
      draft.answered(record.status, "status") ??
      draft.took(record.request_time, 1000, "request_time") ??
      draft.moved(record.request_length, record.bytes_sent ?? record.body_bytes_sent) ??
      readUpstream(record.upstream_status ?? record.upstream_addr, record.upstream_response_time, draft)
    );
  },
};

// helpers

function timeOf(record: JsonRecord): number | undefined {
  if (record.msec !== undefined) return readEpochSeconds(record.msec);
  const { time_iso8601, time_local, time, timestamp } = record;
  return readTime(time_iso8601 ?? time_local ?? time ?? timestamp ?? record["@timestamp"], undefined);
}

/** The path, with its query wherever that stands. */
function targetOf(record: JsonRecord, line: RequestLine | undefined): unknown {
  if (record.request_uri !== undefined) return record.request_uri;
  const path = line?.target ?? record.uri ?? record.path;
  return targetWithQuery(path, record.args ?? record.query_string ?? record.request_query);
}

type RequestLine = ReturnType<typeof splitRequest>;

/** `$request`; some call the path alone so. */
function lineOf(request: unknown): RequestLine | undefined {
  if (typeof request !== "string" || request === "") return undefined;
  return request.startsWith("/") ? { method: "", target: request } : splitRequest(request);
}

/** The header, and what a PROXY protocol said: the hop nearest to us, so it comes last. */
function forwardedFor(record: JsonRecord): string | undefined {
  const list = textOf(record.xff) ?? textOf(record.http_x_forwarded_for) ?? textOf(record.x_forwarded_for);
  const proxied = textOf(record.proxy_protocol_addr);
  return proxied === undefined || proxied === record.remote_addr
    ? list
    : list === undefined
      ? proxied
      : `${list}, ${proxied}`;
}
