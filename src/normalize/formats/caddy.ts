import type { RejectReason } from "../access-event.ts";
import type { Draft } from "../draft.ts";
import { readGoDuration } from "../go-duration.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readTime, readWallTime } from "../read-time.ts";
import { headerOf, textOf } from "../read-value.ts";
import { isEnforcement, readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * Caddy's JSON access log.
 *
 * Traps: `ts` is when the line was written, so the end; in seconds with decimals, or as `time_format`
 * says. `duration` is in seconds, or text; as a whole number it could be ms or ns, and is not read.
 * An error is logged a second time by another logger: only `http.log.access` counts. `client_ip` is
 * not read: unless `trusted_proxies_strict` is set, Caddy takes it from the left of
 * `X-Forwarded-For`, where the client writes. Headers are lists; those with credentials are
 * `REDACTED`. `status` is 0 where Caddy wrote no answer. What a proxied server answered has `Via` (from
 * 2.10 on); who gave any other answer can't be told, unless `upstream_ms` is logged.
 */
export const caddy: JsonFormat = {
  id: "caddy",
  title: "Caddy",
  kind: "json",
  keys: {
    ts: "time",
    logger: [],
    "request.remote_ip": ["peerIp", "clientIp"],
    "request.method": "method",
    "request.host": "host",
    "request.uri": "path",
    "request.headers.X-Forwarded-For": "clientIp",
    "request.headers.Forwarded": "clientIp",
    "request.headers.User-Agent": "userAgent",
    "request.headers.X-Request-Id": "requestId",
    "request.headers.X-Http-Method-Override": "methodOverride",
    bytes_read: "requestBytes",
    size: "responseBytes",
    duration: "durationMs",
    status: "status",
    upstream_ms: ["upstreamMs", "answeredBy"],
    "resp_headers.Via": "answeredBy",
    "resp_headers.X-Gatewatch-Action": "enforced",
    ...shopKeys,
  },

  matches(sample) {
    const request = objectOf(sample.request);
    if (request.remote_ip === undefined && request.uri === undefined) return 0;
    if (sample.status === undefined || sample.duration === undefined) return 0;
    return typeof sample.logger === "string" && isAccess(sample.logger) ? 0.97 : 0.6;
  },

  read(record, draft) {
    const { logger } = record;
    if (record.request === undefined || (typeof logger === "string" && !isAccess(logger))) {
      return draft.reject("not_a_request", "logger: expected http.log.access; others log a request a second time");
    }
    const request = objectOf(record.request);
    const headers = objectOf(request.headers);
    const response = objectOf(record.resp_headers);
    draft.peerIp = textOf(request.remote_ip);
    draft.forwardedFor = headerOf(headers["X-Forwarded-For"]);
    draft.forwarded = headerOf(headers.Forwarded);
    draft.host = textOf(request.host);
    draft.userAgent = headerOf(headers["User-Agent"]);
    draft.requestId = headerOf(headers["X-Request-Id"]);
    draft.methodOverride = headerOf(headers["X-Http-Method-Override"]);
    const rejected =
      readEnd(record.ts, draft) ??
      draft.asked(request.method, request.uri, "request.uri") ??
      draft.answered(record.status, "status") ??
      draft.took(durationOf(record.duration), 1000, "duration") ??
      draft.moved(record.bytes_read, record.size);
    if (rejected) return rejected;
    judge(record, headerOf(response.Via), draft);
    if (isEnforcement(headerOf(response["X-Gatewatch-Action"])) && draft.status >= 400) {
      draft.enforced = true;
      draft.upstreamMs = undefined;
      draft.answeredBy = "gateway";
    }
    readShopKeys(record, draft);
    return undefined;
  },
};

// helpers

const nothing: JsonRecord = {};

function objectOf(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null ? (value as JsonRecord) : nothing;
}

/** `http.log.access`, or a name below it. */
function isAccess(logger: string): boolean {
  return logger.startsWith("http.log.access") && (logger.length === 15 || logger.charCodeAt(15) === 46);
}

/** `time_format` may be any of a dozen; those for people (`wall`) have no zone. */
function readEnd(ts: unknown, draft: Draft): RejectReason | undefined {
  const first = typeof ts === "string" ? ts.charCodeAt(4) : 0;
  if (first !== 47) return draft.endedAt(readTime(ts, undefined), "ts");
  draft.timeIsLocal = true;
  return draft.endedAt(readWallTime(ts), "ts");
}

/** Seconds. */
function durationOf(value: unknown): unknown {
  if (typeof value === "number") return value === 0 || !Number.isInteger(value) ? value : undefined;
  return typeof value === "string" ? readGoDuration(value) : value;
}

function judge({ upstream_ms: logged }: JsonRecord, via: string | undefined, draft: Draft): void {
  const refused = draft.upstreamTook(logged, 1, "upstream_ms");
  if (refused === undefined && draft.upstreamMs !== undefined) draft.answeredBy = "upstream";
  else if (via !== undefined) draft.answeredBy = "upstream";
  else if (logged !== undefined) draft.answeredBy = "gateway";
}
