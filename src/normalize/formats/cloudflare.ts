import type { Draft } from "../draft.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readRfc3339, readTime } from "../read-time.ts";
import { asnOf, countryOf, decimalOf, headerOf, textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * Cloudflare Logpush, dataset `http_requests`.
 *
 * Traps: times are nanoseconds, seconds or RFC 3339, as the job was set up; with whole seconds no
 * duration can be told, and the time to the first byte stands for it. Countries may be in small
 * letters; `T1` is Tor, `XX` unknown. The origin's status is 0 when none was asked, but also when a
 * Worker asked it. A Worker's own requests, and those of Cloudflare's systems, are logged like
 * those of clients. Cookies are never read.
 */
export const cloudflare: JsonFormat = {
  id: "cloudflare",
  title: "Cloudflare Logpush, HTTP requests",
  kind: "json",
  keys: {
    EdgeStartTimestamp: ["time", "durationMs"],
    EdgeEndTimestamp: ["time", "durationMs"],
    EdgeTimeToFirstByteMs: "durationMs",
    ClientIP: "clientIp",
    ClientRequestMethod: "method",
    ClientRequestHost: "host",
    ClientRequestURI: "path",
    ClientRequestPath: "path",
    ClientRequestUserAgent: "userAgent",
    ClientRequestBytes: "requestBytes",
    ClientRequestSource: [],
    ParentRayID: [],
    ClientCountry: "country",
    ClientASN: "asn",
    EdgeResponseStatus: "status",
    EdgeResponseBytes: "responseBytes",
    OriginResponseStatus: "answeredBy",
    OriginResponseDurationMs: "upstreamMs",
    WorkerStatus: "answeredBy",
    RayID: "requestId",
    SecurityAction: ["answeredBy", "outcome", "enforced"],
    SecurityActions: ["answeredBy", "outcome", "enforced"],
    SecuritySources: "outcome",
    SecurityRuleDescription: "enforced",
    'RequestHeaders["x-forwarded-for"]': "clientIp",
    'RequestHeaders["x-http-method-override"]': "methodOverride",
    'RequestHeaders["x-device-id"]': "deviceId",
    'ResponseHeaders["x-user-id"]': "userId",
    ...shopKeys,
  },

  matches(sample) {
    if (sample.EdgeResponseStatus === undefined || sample.ClientRequestMethod === undefined) return 0;
    return sample.EdgeStartTimestamp === undefined && sample.EdgeEndTimestamp === undefined ? 0.5 : 0.95;
  },

  read(record, draft) {
    if (!isOfClient(record)) {
      return draft.reject(
        "not_a_request",
        "expected a request of a client, found one of a Worker or of Cloudflare itself",
      );
    }
    const sent = objectOf(record.RequestHeaders);
    draft.clientIp = textOf(record.ClientIP);
    draft.forwardedFor = headerOf(sent["x-forwarded-for"]);
    draft.methodOverride = headerOf(sent["x-http-method-override"]);
    draft.host = textOf(record.ClientRequestHost);
    draft.userAgent = textOf(record.ClientRequestUserAgent);
    draft.requestId = textOf(record.RayID);
    draft.userId = headerOf(objectOf(record.ResponseHeaders)["x-user-id"]);
    readShopKeys(record, draft);
    draft.deviceId ??= headerOf(sent["x-device-id"]);
    draft.country ??= countryOf(record.ClientCountry);
    draft.asn ??= asnOf(record.ClientASN);
    const rejected =
      readTimes(record, draft) ??
      draft.asked(
        record.ClientRequestMethod,
        textOf(record.ClientRequestURI) ?? record.ClientRequestPath,
        "ClientRequestURI",
      ) ??
      draft.answered(record.EdgeResponseStatus, "EdgeResponseStatus") ??
      draft.moved(record.ClientRequestBytes, record.EdgeResponseBytes);
    if (rejected) return rejected;
    judge(record, draft);
    return undefined;
  },
};

// helpers

const nothing: JsonRecord = {};

function objectOf(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null ? (value as JsonRecord) : nothing;
}

/** Neither a Worker's request, nor one of Cloudflare's health checks, caches and challenge pages. */
function isOfClient({ ParentRayID, ClientRequestSource }: JsonRecord): boolean {
  const parent = textOf(ParentRayID);
  if (parent !== undefined && parent !== "00" && parent !== "0") return false;
  switch (textOf(ClientRequestSource)) {
    case undefined:
    case "eyeball":
    case "unknown":
    // From another zone of Cloudflare's, which a customer put in front: the client's request passed on.
    case "orangeToOrange":
      return true;
    default:
      return false;
  }
}

function readTimes(record: JsonRecord, draft: Draft) {
  const { EdgeStartTimestamp: start, EdgeEndTimestamp: end, EdgeTimeToFirstByteMs: firstByte } = record;
  const tookMs = (exactMs(end) ?? Number.NaN) - (exactMs(start) ?? Number.NaN);
  return (
    (end === undefined || end === null || end === ""
      ? draft.beganAt(readTime(start, undefined), "EdgeStartTimestamp")
      : draft.endedAt(readTime(end, undefined), "EdgeEndTimestamp")) ??
    draft.took(tookMs >= 0 ? tookMs : firstByte, 1, "EdgeTimeToFirstByteMs")
  );
}

/** Epoch milliseconds with what is below them; `undefined` for whole seconds, which tell no duration. */
function exactMs(value: unknown): number | undefined {
  if (typeof value === "string" && value.includes("-")) {
    return value.includes(".") ? readRfc3339(value) : undefined;
  }
  const number = decimalOf(value);
  if (number === undefined || number < 1e11) return undefined;
  return number < 1e14 ? number : number < 1e17 ? number / 1e3 : number / 1e6;
}

/** Who answered, and whether Cloudflare refused the request. */
function judge(record: JsonRecord, draft: Draft): void {
  const origin = decimalOf(record.OriginResponseStatus);
  const worker = textOf(record.WorkerStatus);
  const actions = listOf(record.SecurityActions);
  const refused = refusals.has(textOf(record.SecurityAction) ?? "") || actions.some((action) => refusals.has(action));
  if (origin !== undefined && origin > 0) {
    draft.answeredBy = "upstream";
    // -1, or nothing: no origin was asked. 0 is also what is logged then.
    draft.upstreamTook(record.OriginResponseDurationMs, 1, "OriginResponseDurationMs");
    return;
  }
  if (refused || (origin === 0 && (worker === undefined || worker === "unknown"))) draft.answeredBy = "gateway";
  if (!refused) return;
  const description = textOf(record.SecurityRuleDescription);
  if (description !== undefined && /^gatewatch\b/i.test(description)) draft.enforced = true;
  else if (refusedByLimiter(actions, listOf(record.SecuritySources))) draft.limited = true;
  // A firewall's refusal is no attempt that failed, on whatever endpoint.
  else draft.outcome = "denied";
}

/** The sources stand beside the actions; without those, any limiter among them was it. */
function refusedByLimiter(actions: readonly string[], sources: readonly string[]): boolean {
  return sources.some(
    (source, i) => source.toLowerCase() === "ratelimit" && (actions.length === 0 || refusals.has(actions[i] ?? "")),
  );
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) && value.length > 0 ? value.slice(0, 64).filter((one) => typeof one === "string") : [];
}

/** Actions after which the request went no further. */
const refusals: ReadonlySet<string> = new Set([
  "block", "challenge", "jschallenge", "managedChallenge", "challengeFailed", "jschallengeFailed",
  "connectionClose", "forceConnectionClose",
]); // prettier-ignore
