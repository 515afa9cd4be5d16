import type { Draft } from "../draft.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readRfc3339 } from "../read-time.ts";
import { asnOf, countryOf, textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";
import { urlHost } from "../url-host.ts";

/**
 * Google Cloud's application load balancers, and whatever else logs an `httpRequest` in Cloud Logging.
 *
 * Traps: `timestamp` is when the request came. `latency` is text with its unit (`"0.053s"`), sizes
 * are text. The URL is whole. The client may carry a port. A status of 0: the client went away.
 * `statusDetails` says who answered; regional balancers have `proxyStatus` in its place, and only
 * where they answered by themselves.
 */
export const gcpLoadBalancer: JsonFormat = {
  id: "gcp-load-balancer",
  title: "Google Cloud load balancer",
  kind: "json",
  keys: {
    timestamp: ["time", "startedAt"],
    insertId: "requestId",
    "httpRequest.latency": "durationMs",
    "httpRequest.remoteIp": "clientIp",
    "httpRequest.requestMethod": "method",
    "httpRequest.requestUrl": ["path", "host"],
    "httpRequest.status": "status",
    "httpRequest.requestSize": "requestBytes",
    "httpRequest.responseSize": "responseBytes",
    "httpRequest.userAgent": "userAgent",
    "jsonPayload.statusDetails": ["answeredBy", "outcome"],
    "jsonPayload.proxyStatus": "answeredBy",
    "jsonPayload.enforcedSecurityPolicy.outcome": ["answeredBy", "outcome"],
    "jsonPayload.enforcedSecurityPolicy.configuredAction": "outcome",
    "jsonPayload.enforcedEdgeSecurityPolicy.outcome": ["answeredBy", "outcome"],
    "jsonPayload.enforcedEdgeSecurityPolicy.configuredAction": "outcome",
    "jsonPayload.securityPolicyRequestData.remoteIpInfo.regionCode": "country",
    "jsonPayload.securityPolicyRequestData.remoteIpInfo.asn": "asn",
    ...shopKeys,
  },

  matches(sample) {
    const request = objectOf(sample.httpRequest);
    if (request.requestUrl === undefined || request.status === undefined || sample.timestamp === undefined) return 0;
    return sample.insertId === undefined && sample.jsonPayload === undefined ? 0.7 : 0.95;
  },

  read(record, draft) {
    const request = objectOf(record.httpRequest);
    const url = textOf(request.requestUrl);
    draft.clientIp = textOf(request.remoteIp);
    draft.host = url === undefined ? undefined : urlHost(url);
    draft.userAgent = textOf(request.userAgent);
    draft.requestId = textOf(record.insertId);
    readShopKeys(record, draft);
    const rejected =
      draft.beganAt(readRfc3339(record.timestamp), "timestamp") ??
      draft.asked(request.requestMethod, url, "httpRequest.requestUrl") ??
      // A whole number of 0 is left out when Cloud Logging writes JSON.
      draft.answered(request.status ?? 0, "httpRequest.status") ??
      draft.took(secondsOf(request.latency), 1000, "httpRequest.latency") ??
      draft.moved(request.requestSize, request.responseSize);
    if (rejected) return rejected;
    judge(objectOf(record.jsonPayload), draft);
    return undefined;
  },
};

// helpers

const nothing: JsonRecord = {};

function objectOf(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null ? (value as JsonRecord) : nothing;
}

/** `"0.053s"`, as Google writes durations. */
function secondsOf(latency: unknown): unknown {
  return typeof latency === "string" && latency.endsWith("s") ? latency.slice(0, -1) : latency;
}

/** Who answered, and whether a security policy (Cloud Armor) refused the request. */
function judge(payload: JsonRecord, draft: Draft): void {
  const details = textOf(payload.statusDetails);
  if (details !== undefined) draft.answeredBy = byBackend.has(details) ? "upstream" : "gateway";
  else if (textOf(payload.proxyStatus)?.includes("error=")) draft.answeredBy = "gateway";

  const place = objectOf(objectOf(payload.securityPolicyRequestData).remoteIpInfo);
  draft.country ??= countryOf(place.regionCode);
  draft.asn ??= asnOf(place.asn);

  const policies = [objectOf(payload.enforcedSecurityPolicy), objectOf(payload.enforcedEdgeSecurityPolicy)];
  const denying = policies.find(({ outcome }) => outcome === "DENY");
  if (denying === undefined && !details?.includes("by_security_policy")) return;
  draft.answeredBy = "gateway";
  const action = denying?.configuredAction;
  if (action === "THROTTLE" || action === "RATE_BASED_BAN" || details === "banned_by_security_policy")
    draft.limited = true;
  // A firewall's refusal is no attempt that failed, on whatever endpoint.
  else draft.outcome = "denied";
}

/** The status is the backend's; all else the balancer or its cache said. */
const byBackend: ReadonlySet<string> = new Set([
  "response_sent_by_backend",
  "backend_connection_closed_after_partial_response_sent",
  "client_disconnected_after_partial_response",
  "aborted_request_due_to_backend_early_response",
  "byte_range_caching_forwarded_backend_response",
]);
