import { pathOf, shopHost, timedFields, type LineFormat } from "../writer.ts";

/** Cloudflare's Logpush, dataset `http_requests`, with nanoseconds. */
export const cloudflare: LineFormat = {
  id: "cloudflare",
  kind: "json",
  carries: [...timedFields, "requestId", "country", "asn"],
  create: () => (x) => {
    const { ip, userAgent, place } = x.visitor;
    const path = pathOf(x.target);
    const isLimited = x.upstreamMs === undefined && x.status === 429;
    const origin = x.upstreamMs === undefined ? 0 : x.status;
    const security = isLimited
      ? '"SecurityAction":"block","SecurityActions":["block"],"SecurityRuleDescription":"","SecuritySources":["ratelimit"]'
      : '"SecurityAction":"","SecurityActions":[],"SecurityRuleDescription":"","SecuritySources":[]';
    return `{"ClientASN":${place.asn},"ClientCountry":"${place.country.toLowerCase()}","ClientIP":"${ip}","ClientRequestBytes":${x.requestBytes},"ClientRequestHost":"${shopHost}","ClientRequestMethod":"${x.method}","ClientRequestPath":"${path}","ClientRequestSource":"eyeball","ClientRequestURI":"${x.target}","ClientRequestUserAgent":"${userAgent}","ClientSrcPort":51544,"EdgeColoCode":"FRA","EdgeEndTimestamp":${x.time}000000,"EdgeResponseBytes":${x.responseBytes},"EdgeResponseStatus":${x.status},"EdgeStartTimestamp":${x.time - x.durationMs}000000,"EdgeTimeToFirstByteMs":${x.durationMs},"OriginResponseDurationMs":${x.upstreamMs ?? -1},"OriginResponseStatus":${origin},"ParentRayID":"00","RayID":"${x.requestId}",${security},"WorkerStatus":"unknown"`;
  },
};
