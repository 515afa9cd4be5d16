import type { JsonFormat } from "../log-format.ts";
import { readEpochSeconds } from "../read-time.ts";
import { textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";
import { readUpstream } from "../nginx-upstream.ts";

/**
 * nginx with the `log_format` of `docs/formats.md`.
 *
 * Traps: times are in seconds, and `$msec` is when the line was written, so when the answer ended.
 * A variable without a value writes nothing, which makes `"x":,` of a number that was not quoted
 * (mended before it comes here). `$upstream_*` are lists after retries. `limit_req` and
 * `limit_conn` refuse with 503 unless told otherwise: a 503 that no upstream gave is a limiter's.
 */
export const nginxJson: JsonFormat = {
  id: "nginx-json",
  title: "nginx, JSON",
  kind: "json",
  keys: {
    msec: "time",
    request_time: "durationMs",
    remote_addr: "clientIp",
    peer: "peerIp",
    xff: "clientIp",
    forwarded: "clientIp",
    method: "method",
    host: "host",
    uri: "path",
    status: "status",
    upstream_status: "answeredBy",
    upstream_response_time: "upstreamMs",
    request_length: "requestBytes",
    bytes_sent: "responseBytes",
    request_id: "requestId",
    user: "userId",
    ua: "userAgent",
    method_override: "methodOverride",
    ...shopKeys,
  },

  matches(sample) {
    if (sample.msec === undefined || sample.status === undefined) return 0;
    if (sample.remote_addr === undefined || sample.uri === undefined) return 0;
    return sample.request_time === undefined ? 0.8 : 0.95;
  },

  read(record, draft) {
    draft.clientIp = textOf(record.remote_addr);
    draft.peerIp = textOf(record.peer);
    draft.forwardedFor = textOf(record.xff);
    draft.forwarded = textOf(record.forwarded);
    draft.host = textOf(record.host);
    draft.requestId = textOf(record.request_id);
    draft.userAgent = textOf(record.ua);
    draft.userId = textOf(record.user);
    draft.methodOverride = textOf(record.method_override);
    readShopKeys(record, draft);
    return (
      draft.endedAt(readEpochSeconds(record.msec), "msec") ??
      draft.asked(record.method, record.uri, "uri") ??
      draft.answered(record.status, "status") ??
      draft.took(record.request_time, 1000, "request_time") ??
      draft.moved(record.request_length, record.bytes_sent) ??
      readUpstream(record.upstream_status, record.upstream_response_time, draft)
    );
  },
};
