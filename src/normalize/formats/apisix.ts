import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readEpochMs } from "../read-time.ts";
import { headerOf, textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * APISIX, the default record of kafka-logger, http-logger and its other loggers.
 *
 * Traps: one Kafka record holds an array of up to a thousand. `start_time` is the start, in ms, and
 * both it and the latencies may carry the noise of a float. Sizes are text. `upstream` and
 * `upstream_latency` are absent when no upstream was asked; its limiters then refuse with 503 unless
 * told otherwise, and a route without any upstream node looks the same. Nothing in the headers is
 * redacted: only the named headers are read.
 */
export const apisix: JsonFormat = {
  id: "apisix",
  title: "APISIX",
  kind: "json",
  keys: {
    start_time: ["time", "startedAt"],
    client_ip: "clientIp",
    "request.method": "method",
    "request.uri": "path",
    "request.size": "requestBytes",
    "request.headers.host": "host",
    "request.headers.user-agent": "userAgent",
    "request.headers.x-request-id": "requestId",
    "request.headers.x-forwarded-for": "clientIp",
    "request.headers.forwarded": "clientIp",
    "request.headers.x-http-method-override": "methodOverride",
    "response.status": "status",
    "response.size": "responseBytes",
    "response.headers.x-request-id": "requestId",
    latency: "durationMs",
    upstream: "answeredBy",
    upstream_latency: ["upstreamMs", "answeredBy"],
    "consumer.username": "userId",
    ...shopKeys,
  },

  matches(sample) {
    if (sample.start_time === undefined || objectOf(sample.request) === nothing) return 0;
    if (objectOf(sample.response) === nothing || sample.client_ip === undefined) return 0;
    return sample.latency === undefined ? 0.6 : 0.95;
  },

  read(record, draft) {
    const request = objectOf(record.request);
    const response = objectOf(record.response);
    const headers = objectOf(request.headers);
    draft.clientIp = textOf(record.client_ip);
    draft.forwardedFor = headerOf(headers["x-forwarded-for"]);
    draft.forwarded = headerOf(headers.forwarded);
    draft.host = headerOf(headers.host);
    draft.userAgent = headerOf(headers["user-agent"]);
    draft.methodOverride = headerOf(headers["x-http-method-override"]);
    draft.requestId = headerOf(headers["x-request-id"]) ?? headerOf(objectOf(response.headers)["x-request-id"]);
    draft.userId = textOf(objectOf(record.consumer).username);
    readShopKeys(record, draft);
    const rejected =
      draft.beganAt(readEpochMs(record.start_time), "start_time") ??
      draft.asked(request.method, request.uri, "request.uri") ??
      draft.answered(response.status, "response.status") ??
      draft.took(record.latency, 1, "latency") ??
      draft.upstreamTook(record.upstream_latency, 1, "upstream_latency") ??
      draft.moved(request.size, response.size);
    const asked = textOf(record.upstream) !== undefined || draft.upstreamMs !== undefined;
    draft.answeredBy = asked ? "upstream" : "gateway";
    draft.limited = !asked && draft.status === 503;
    return rejected;
  },
};

// helpers

const nothing: JsonRecord = {};

function objectOf(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null ? (value as JsonRecord) : nothing;
}
