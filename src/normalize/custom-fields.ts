/**
 * What a format of one's own may map (besides `attributes.NAME`): fields of the event that a log
 * can tell, and three that only this stage reads: the `X-Forwarded-For` and `Forwarded` headers, and
 * the status the upstream gave (empty when the gateway answered by itself).
 */
export const customFieldNames = [
  "time", "clientIp", "peerIp", "forwardedFor", "forwarded", "method", "host", "path", "status", "upstreamStatus",
  "answeredBy", "enforced", "durationMs", "upstreamMs", "requestBytes", "responseBytes", "requestId", "userId", "role",
  "apiKey", "sessionId", "deviceId", "userAgent", "country", "asn", "latitude", "longitude", "methodOverride",
  "outcome", "operation",
] as const; // prettier-ignore

export type CustomFieldName = (typeof customFieldNames)[number];
