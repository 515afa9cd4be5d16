import type { JsonFormat } from "../log-format.ts";
import { readRfc3339 } from "../read-time.ts";
import { textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * Envoy Gateway's own JSON, and Envoy's older `json_format`.
 *
 * Traps: numbers are numbers, or all text, and what is missing is `null`, `"-"`, or no key at all.
 * `start_time` is the start. The address carries a port. `response_code` 0 means that no answer was
 * begun. The flags are a list with commas. `ext_authz` refuses with the flag `UAEX`: counted as our own
 * block when the status is one that we give (403, 429) unless the log has the key `gatewatch`, which is surer.
 */
export const envoyGateway: JsonFormat = {
  id: "envoy-gateway",
  title: "Envoy Gateway, JSON",
  kind: "json",
  keys: {
    start_time: ["time", "startedAt"],
    duration: "durationMs",
    downstream_remote_address: "clientIp",
    "x-forwarded-for": "clientIp",
    method: "method",
    ":authority": "host",
    "x-envoy-origin-path": "path",
    path: "path",
    response_code: "status",
    response_code_details: ["answeredBy", "enforced"],
    response_flags: ["answeredBy", "enforced"],
    "x-envoy-upstream-service-time": "upstreamMs",
    bytes_received: "requestBytes",
    bytes_sent: "responseBytes",
    "x-request-id": "requestId",
    "user-agent": "userAgent",
    ...shopKeys,
  },

  matches(sample) {
    if (sample.response_code === undefined || sample.start_time === undefined) return 0;
    return sample.downstream_remote_address === undefined && sample.response_flags === undefined ? 0.6 : 0.95;
  },

  read(record, draft) {
    draft.clientIp = textOf(record.downstream_remote_address);
    draft.forwardedFor = textOf(record["x-forwarded-for"]);
    draft.host = textOf(record[":authority"]);
    draft.requestId = textOf(record["x-request-id"]);
    draft.userAgent = textOf(record["user-agent"]);
    const rejected =
      draft.beganAt(readRfc3339(record.start_time), "start_time") ??
      draft.asked(record.method, textOf(record["x-envoy-origin-path"]) ?? record.path, "x-envoy-origin-path") ??
      draft.answered(record.response_code, "response_code") ??
      draft.took(record.duration, 1, "duration") ??
      draft.upstreamTook(record["x-envoy-upstream-service-time"], 1, "x-envoy-upstream-service-time") ??
      draft.moved(record.bytes_received, record.bytes_sent);
    if (rejected) return rejected;

    const flags = textOf(record.response_flags);
    const details = textOf(record.response_code_details);
    if (details !== undefined) draft.answeredBy = details === "via_upstream" ? "upstream" : "gateway";
    else if (hasFlag(flags, "RL") || hasFlag(flags, "UAEX") || hasFlag(flags, "NR")) draft.answeredBy = "gateway";
    draft.limited = hasFlag(flags, "RL") || details === "request_rate_limited";
    const refused = hasFlag(flags, "UAEX") || details === "ext_authz_denied";
    draft.enforced = refused && (draft.status === 403 || draft.status === 429);
    readShopKeys(record, draft);
    return undefined;
  },
};

// helpers

function hasFlag(flags: string | undefined, flag: string): boolean {
  if (flags === undefined) return false;
  return flags === flag || (flags.includes(",") && flags.split(",", 16).includes(flag));
}
