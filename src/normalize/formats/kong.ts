import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readEpochMs } from "../read-time.ts";
import { headerOf, textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * Kong's `kong.log.serialize()`: kafka-log, http-log, file-log and tcp-log share it.
 *
 * Traps: `started_at` is the start, in ms. `latencies.proxy` is -1 when no upstream was asked.
 * `upstream_status` is text, `""` when there was none, and a list after retries; only releases before
 * 3.6, which have no `source`, are judged by it. Doubled headers are lists. Cookies and
 * API keys stand in the headers in clear: only the named headers are read. A failed login has no
 * consumer. Without `trusted_ips`, `client_ip` is the load balancer.
 */
export const kong: JsonFormat = {
  id: "kong",
  title: "Kong",
  kind: "json",
  keys: {
    started_at: ["time", "startedAt"],
    client_ip: "clientIp",
    "request.method": "method",
    "request.uri": "path",
    "request.id": "requestId",
    "request.size": "requestBytes",
    "request.headers.host": "host",
    "request.headers.user-agent": "userAgent",
    "request.headers.x-forwarded-for": "clientIp",
    "request.headers.forwarded": "clientIp",
    "request.headers.x-http-method-override": "methodOverride",
    "response.status": "status",
    "response.size": "responseBytes",
    "latencies.request": "durationMs",
    "latencies.proxy": ["upstreamMs", "answeredBy"],
    source: "answeredBy",
    upstream_status: "answeredBy",
    "consumer.custom_id": "userId",
    "consumer.username": "userId",
    "authenticated_entity.consumer_id": "userId",
    ...shopKeys,
  },

  matches(sample) {
    const request = objectOf(sample.request);
    const response = objectOf(sample.response);
    if (request === undefined || response === undefined || sample.started_at === undefined) return 0;
    return sample.latencies === undefined && sample.client_ip === undefined ? 0.5 : 0.95;
  },

  read(record, draft) {
    const request = objectOf(record.request) ?? nothing;
    const response = objectOf(record.response) ?? nothing;
    const headers = objectOf(request.headers) ?? nothing;
    const latencies = objectOf(record.latencies) ?? nothing;
    const consumer = objectOf(record.consumer) ?? nothing;
    const entity = objectOf(record.authenticated_entity) ?? nothing;
    draft.clientIp = textOf(record.client_ip);
    draft.forwardedFor = headerOf(headers["x-forwarded-for"]);
    draft.forwarded = headerOf(headers.forwarded);
    draft.host = headerOf(headers.host);
    draft.userAgent = headerOf(headers["user-agent"]);
    draft.methodOverride = headerOf(headers["x-http-method-override"]);
    draft.requestId = textOf(request.id);
    draft.userId = textOf(consumer.custom_id) ?? textOf(consumer.username) ?? textOf(entity.consumer_id);
    if (record.source === "upstream") draft.answeredBy = "upstream";
    else if (record.source === "kong" || latencies.proxy === -1 || record.upstream_status === "") {
      draft.answeredBy = "gateway";
    } else if (textOf(record.upstream_status) !== undefined) draft.answeredBy = "upstream";
    readShopKeys(record, draft);
    return (
      draft.beganAt(readEpochMs(record.started_at), "started_at") ??
      draft.asked(request.method, request.uri, "request.uri") ??
      draft.answered(response.status, "response.status") ??
      draft.took(latencies.request, 1, "latencies.request") ??
      draft.upstreamTook(latencies.proxy, 1, "latencies.proxy") ??
      draft.moved(request.size, response.size)
    );
  },
};

// helpers

const nothing: JsonRecord = {};

function objectOf(value: unknown): JsonRecord | undefined {
  return typeof value === "object" && value !== null ? (value as JsonRecord) : undefined;
}
