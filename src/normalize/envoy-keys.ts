import type { RejectReason } from "./access-event.ts";
import type { Draft } from "./draft.ts";
import type { JsonRecord, RecordKeys } from "./log-format.ts";
import { textOf } from "./read-value.ts";
import { readShopKeys, shopKeys } from "./shop-keys.ts";

/** The keys that Envoy Gateway gives Envoy's figures, and Istio's names where they differ; without the start. */
export const envoyKeys = {
  duration: "durationMs",
  downstream_remote_address: "clientIp",
  "x-forwarded-for": "clientIp",
  x_forwarded_for: "clientIp",
  method: "method",
  "x-http-method-override": "methodOverride",
  ":authority": "host",
  authority: "host",
  "x-envoy-origin-path": "path",
  path: "path",
  response_code: "status",
  response_code_details: ["answeredBy", "enforced"],
  response_flags: ["answeredBy", "enforced"],
  upstream_host: "answeredBy",
  "x-envoy-upstream-service-time": ["upstreamMs", "answeredBy"],
  upstream_service_time: ["upstreamMs", "answeredBy"],
  bytes_received: "requestBytes",
  bytes_sent: "responseBytes",
  "x-request-id": "requestId",
  request_id: "requestId",
  "user-agent": "userAgent",
  user_agent: "userAgent",
  ...shopKeys,
} as const satisfies RecordKeys;

/** Reads them all; numbers may be numbers or text. Only the start is left to the format. */
export function readEnvoyKeys(record: JsonRecord, draft: Draft): RejectReason | undefined {
  const target = textOf(record["x-envoy-origin-path"]) ?? record.path;
  const upstreamMs = record["x-envoy-upstream-service-time"] ?? record.upstream_service_time;
  draft.clientIp = textOf(record.downstream_remote_address);
  draft.forwardedFor = textOf(record["x-forwarded-for"]) ?? textOf(record.x_forwarded_for);
  draft.host = textOf(record[":authority"]) ?? textOf(record.authority);
  draft.requestId = textOf(record["x-request-id"]) ?? textOf(record.request_id);
  draft.userAgent = textOf(record["user-agent"]) ?? textOf(record.user_agent);
  draft.methodOverride = textOf(record["x-http-method-override"]);
  const rejected =
    draft.asked(record.method, target, "x-envoy-origin-path") ??
    draft.answered(record.response_code, "response_code") ??
    draft.took(record.duration, 1, "duration") ??
    draft.upstreamTook(upstreamMs, 1, "x-envoy-upstream-service-time") ??
    draft.moved(record.bytes_received, record.bytes_sent);
  if (rejected) return rejected;
  judgeEnvoyAnswer(draft, {
    flags: textOf(record.response_flags),
    details: textOf(record.response_code_details),
    // A key that is not there says nothing: the format may lack it.
    noUpstream: record.upstream_host === null || record.upstream_host === "-",
  });
  readShopKeys(record, draft);
  return undefined;
}

/** What Envoy noted of how an answer came about; `undefined`: nothing, or the log lacks it. */
export interface EnvoyAnswer {
  /** A list with commas: `UF,URX`. */
  readonly flags: string | undefined;
  /** `via_upstream`, or why Envoy answered by itself. */
  readonly details: string | undefined;
  /** True: the log has a place for the upstream's address, and there is none. */
  readonly noUpstream: boolean;
}

/**
 * Who answered, whether a limiter refused, and whether it was our own block. `ext_authz` refuses with
 * the flag `UAEX`: counted as ours when the status is one that we give (403, 429); the upstream's time
 * is then that of the authorization. Without details, a time that the upstream took means that it
 * answered, and any flag without one that Envoy did.
 */
export function judgeEnvoyAnswer(draft: Draft, { flags, details, noUpstream }: EnvoyAnswer): void {
  const isRefused = details === "ext_authz_denied" || hasFlag(flags, "UAEX");
  if (isRefused) draft.upstreamMs = undefined;
  if (details !== undefined) draft.answeredBy = details === "via_upstream" ? "upstream" : "gateway";
  else if (isRefused || noUpstream) draft.answeredBy = "gateway";
  else if (draft.upstreamMs !== undefined) draft.answeredBy = "upstream";
  else if (flags !== undefined) draft.answeredBy = "gateway";
  const isLimiters = details === "request_rate_limited" || details === "local_rate_limited";
  draft.limited = isLimiters || hasFlag(flags, "RL");
  draft.enforced = isRefused && (draft.status === 403 || draft.status === 429);
}

// helpers

function hasFlag(flags: string | undefined, flag: string): boolean {
  if (flags === undefined) return false;
  return flags === flag || (flags.includes(",") && flags.split(",", 16).includes(flag));
}
