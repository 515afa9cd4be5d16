import type { Draft } from "./draft.ts";
import { textOf } from "./read-value.ts";

/** How CloudFront says that a request went; each is text, `-` or missing. */
export interface CloudfrontResult {
  /** `x-edge-result-type`. */
  readonly result: unknown;
  /** `x-edge-detailed-result-type`. */
  readonly detailed: unknown;
  /** `origin-fbl`: how long the origin's first byte took; `-` when none was asked. */
  readonly originSeconds: unknown;
}

/** Who answered, whether a quota was exceeded, and whether the edge let the client in. */
export function readCloudfrontResult({ result, detailed, originSeconds }: CloudfrontResult, draft: Draft): void {
  const type = textOf(detailed) ?? textOf(result);
  if (type !== undefined && (byEdge.has(type) || /^(?:Lambda|Function)/.test(type))) draft.answeredBy = "gateway";
  else if (textOf(originSeconds) !== undefined) draft.answeredBy = "upstream";
  else if (originSeconds !== undefined) draft.answeredBy = "gateway";
  else if (type === "Miss") draft.answeredBy = "upstream";
  if (type === "LimitExceeded") draft.limited = true;
  if (type === "ClientGeoBlocked" || type === "InvalidRequestBlocked") draft.outcome = "denied";
}

/** CloudFront wrote the status by itself: from its cache, as a refusal, or because the origin failed. Functions at the edge do, too. */
const byEdge: ReadonlySet<string> = new Set([
  "Hit", "RefreshHit", "OriginShieldHit", "LimitExceeded", "CapacityExceeded", "Redirect", "ClientGeoBlocked",
  "ClientHungUpRequest", "InvalidRequest", "InvalidRequestBlocked",
  "InvalidRequestCertificate", "InvalidRequestHeader", "InvalidRequestMethod", "AbortedOrigin", "OriginConnectError",
  "OriginContentRangeLengthError", "OriginDnsError", "OriginHeaderTooBigError", "OriginInvalidResponseError",
  "OriginReadError", "OriginWriteError", "OriginZeroSizeObjectError", "OriginCommError",
]); // prettier-ignore

/** CloudFront writes spaces and quotes in headers as `%20`; a text that is not well encoded stays as it is. */
export function decodeCloudfront(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined || !text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
