import type { Draft } from "../draft.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readClf, readTime } from "../read-time.ts";
import { textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * AWS API Gateway, REST and HTTP APIs, with the template of `docs/formats.md` or the console's JSON.
 *
 * Traps: every value is text, and `-` where there is none. Both times are when the request came; the
 * console's template has neither a duration nor the path, only the resource (`/orders/{id}`) or the
 * route's key (`GET /orders/{id}`). `path` begins with the stage. A missing or wrong token, and an
 * unknown resource, are 403 as often as 401: the type of the error tells. It also tells a limiter,
 * whatever status the gateway's responses were changed to.
 */
export const awsApiGateway: JsonFormat = {
  id: "aws-api-gateway",
  title: "AWS API Gateway",
  kind: "json",
  keys: {
    requestTimeEpoch: ["time", "startedAt"],
    requestTime: ["time", "startedAt"],
    responseLatency: "durationMs",
    integrationLatency: "upstreamMs",
    integrationStatus: "answeredBy",
    errorType: ["answeredBy", "outcome"],
    errorResponseType: ["answeredBy", "outcome"],
    waf: "outcome",
    ip: "clientIp",
    httpMethod: "method",
    host: "host",
    path: "path",
    stage: [],
    resourcePath: "path",
    routeKey: "path",
    status: "status",
    responseLength: "responseBytes",
    requestId: "requestId",
    extendedRequestId: "requestId",
    sub: "userId",
    user: "userId",
    caller: "userId",
    apiKeyId: "apiKey",
    userAgent: "userAgent",
    ...shopKeys,
  },

  matches(sample) {
    if (sample.requestId === undefined && sample.extendedRequestId === undefined) return 0;
    if (sample.status === undefined || sample.httpMethod === undefined) return 0;
    const timed = sample.requestTimeEpoch !== undefined || sample.requestTime !== undefined;
    const routed = sample.resourcePath !== undefined || sample.routeKey !== undefined;
    return timed ? (routed ? 0.95 : 0.7) : routed ? 0.6 : 0;
  },

  read(record, draft) {
    draft.clientIp = textOf(record.ip);
    draft.host = textOf(record.host);
    draft.userAgent = textOf(record.userAgent);
    draft.requestId = textOf(record.extendedRequestId) ?? textOf(record.requestId);
    draft.userId = textOf(record.sub) ?? textOf(record.user) ?? textOf(record.caller);
    readShopKeys(record, draft);
    draft.apiKey ??= textOf(record.apiKeyId);
    const time = readTime(textOf(record.requestTimeEpoch), undefined) ?? readClf(record.requestTime);
    const rejected =
      draft.beganAt(time, "requestTimeEpoch") ??
      draft.asked(record.httpMethod, targetOf(record), "path") ??
      draft.answered(record.status, "status") ??
      draft.took(record.responseLatency, 1, "responseLatency") ??
      draft.upstreamTook(record.integrationLatency, 1, "integrationLatency") ??
      draft.moved(undefined, record.responseLength);
    if (rejected) return rejected;
    judge(record, draft);
    return undefined;
  },
};

// helpers

/** The path without its stage, or what stands for it in the console's templates. */
function targetOf(record: JsonRecord): string | undefined {
  const path = textOf(record.path);
  if (path !== undefined) return withoutStage(path, textOf(record.stage));
  const resource = textOf(record.resourcePath);
  if (resource !== undefined) return resource;
  const route = textOf(record.routeKey);
  const slash = route === undefined ? -1 : route.indexOf("/");
  return slash < 0 ? undefined : route?.slice(slash);
}

function withoutStage(path: string, stage: string | undefined): string {
  if (stage === undefined || !path.startsWith(`/${stage}`)) return path;
  const rest = path.slice(stage.length + 1);
  if (rest === "") return "/";
  return rest.startsWith("/") ? rest : path;
}

/** Who answered, and what the gateway's own refusals mean. */
function judge({ errorType, errorResponseType, integrationStatus, waf }: JsonRecord, draft: Draft): void {
  const error = textOf(errorType) ?? textOf(errorResponseType);
  if (error !== undefined || waf === "WAF_BLOCK") draft.answeredBy = "gateway";
  else if (integrationStatus !== undefined) {
    draft.answeredBy = textOf(integrationStatus) === undefined ? "gateway" : "upstream";
  }
  if (error === "THROTTLED" || error === "QUOTA_EXCEEDED") draft.limited = true;
  // A firewall's refusal is no attempt that failed, on whatever endpoint.
  else if (error === "WAF_FILTERED" || waf === "WAF_BLOCK") draft.outcome = "denied";
  // 401 and 403 say it by themselves; but the statuses of a gateway's responses can be changed to any.
  else if (error !== undefined && notLetIn.has(error) && draft.status !== 401 && draft.status !== 403) {
    draft.outcome = "denied";
  }
}

const notLetIn: ReadonlySet<string> = new Set([
  "UNAUTHORIZED", "ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN", "INVALID_API_KEY", "EXPIRED_TOKEN", "INVALID_SIGNATURE",
]); // prettier-ignore
