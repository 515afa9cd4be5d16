import { CachedTexts } from "../cached-texts.ts";
import { pathOf, shopHost, timedFields, usualFields, type LineFormat } from "../writer.ts";
import { asSeconds } from "../written-time.ts";

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

/** CloudFront's standard logs (v2) as JSON; every value is text, and the path has no query. */
export const cloudfrontStandard: LineFormat = {
  id: "cloudfront-standard",
  kind: "json",
  carries: [...usualFields, "startedAt", "host", "durationMs", "upstreamMs", "requestBytes", "requestId", "country"],
  create: () => {
    const seconds = new CachedTexts(dateAndTime);
    const agents = new CachedTexts((agent: string) => agent.replaceAll(" ", "%20"));
    return (x) => {
      const { ip, userAgent, place } = x.visitor;
      const second = Math.floor(x.time / 1000);
      const path = pathOf(x.target);
      const isAnswered = x.upstreamMs !== undefined;
      const result = isAnswered ? (x.status >= 400 ? "Error" : "Miss") : x.status === 429 ? "LimitExceeded" : "Error";
      const origin = isAnswered ? asSeconds(x.upstreamMs!) : "-";
      return `{"DistributionId":"E1",${seconds.of(second)},"timestamp":"${second}","timestamp(ms)":"${x.time}","c-ip":"${ip}","c-port":"51544","c-country":"${place.country}","cs-method":"${x.method}","cs(Host)":"d111111abcdef8.cloudfront.net","x-host-header":"${shopHost}","cs-uri-stem":"${path}","cs-uri-query":"-","cs(User-Agent)":"${agents.of(userAgent)}","sc-status":"${x.status}","sc-bytes":"${x.responseBytes}","cs-bytes":"${x.requestBytes}","time-taken":"${asSeconds(x.durationMs)}","x-edge-result-type":"${result}","x-edge-detailed-result-type":"${result}","x-edge-request-id":"${x.requestId}","x-forwarded-for":"-","origin-fbl":"${origin}","origin-lbl":"${origin}"`;
    };
  },
};

// helpers

function dateAndTime(second: number): string {
  const [date, time] = new Date(second * 1000).toISOString().slice(0, 19).split("T");
  return `"date":"${date}","time":"${time}"`;
}
