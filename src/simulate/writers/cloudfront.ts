import type { CloudfrontField } from "../../normalize/cloudfront-fields.ts";
import { CachedTexts } from "../cached-texts.ts";
import type { Exchange } from "../exchange.ts";
import { pathOf, shopHost, usualFields, type LineFormat } from "../writer.ts";
import { asSeconds } from "../written-time.ts";

const carries = [
  ...usualFields, "startedAt", "host", "durationMs", "upstreamMs", "requestBytes", "requestId", "country",
] as const; // prettier-ignore

/** CloudFront's standard logs (v2) as JSON; every value is text, and the path has no query. */
export const cloudfrontStandard: LineFormat = {
  id: "cloudfront-standard",
  kind: "json",
  carries,
  create: () => {
    const seconds = new CachedTexts(dateAndTime);
    const agents = new CachedTexts(encoded);
    return (x) => {
      const { ip, userAgent, place } = x.visitor;
      const second = Math.floor(x.time / 1000);
      const path = pathOf(x.target);
      const result = resultOf(x);
      const origin = x.upstreamMs === undefined ? "-" : asSeconds(x.upstreamMs);
      return `{"DistributionId":"E1",${seconds.of(second)},"timestamp":"${second}","timestamp(ms)":"${x.time}","c-ip":"${ip}","c-port":"51544","c-country":"${place.country}","cs-method":"${x.method}","cs(Host)":"d111111abcdef8.cloudfront.net","x-host-header":"${shopHost}","cs-uri-stem":"${path}","cs-uri-query":"-","cs(User-Agent)":"${agents.of(userAgent)}","sc-status":"${x.status}","sc-bytes":"${x.responseBytes}","cs-bytes":"${x.requestBytes}","time-taken":"${asSeconds(x.durationMs)}","x-edge-result-type":"${result}","x-edge-detailed-result-type":"${result}","x-edge-request-id":"${x.requestId}","x-forwarded-for":"-","origin-fbl":"${origin}","origin-lbl":"${origin}"`;
    };
  },
};

/** Of its real-time logs, in the order in which they arrive. */
const chosen = [
  "timestamp", "c-ip", "sc-status", "sc-bytes", "cs-method", "cs-host", "cs-uri-stem", "cs-bytes", "x-edge-request-id",
  "time-taken", "cs-user-agent", "x-forwarded-for", "x-edge-detailed-result-type", "c-country", "origin-fbl", "origin-lbl",
  "asn",
] as const satisfies readonly CloudfrontField[]; // prettier-ignore

/** CloudFront's real-time logs, with the fields that docs/formats.md lists; the path has its query. */
export const cloudfrontRealtime: LineFormat = {
  id: "cloudfront-realtime",
  kind: "text",
  described: { cloudfront: [...chosen] },
  carries: [...carries, "asn"],
  create: () => {
    const agents = new CachedTexts(encoded);
    return (x) => {
      const { ip, userAgent, place } = x.visitor;
      const result = resultOf(x);
      const origin = x.upstreamMs === undefined ? "-" : asSeconds(x.upstreamMs);
      return `${asSeconds(x.time)}\t${ip}\t${x.status}\t${x.responseBytes}\t${x.method}\t${shopHost}\t${x.target}\t${x.requestBytes}\t${x.requestId}\t${asSeconds(x.durationMs)}\t${agents.of(userAgent)}\t-\t${result}\t${place.country}\t${origin}\t${origin}\t${place.asn}`;
    };
  },
};

// helpers

function dateAndTime(second: number): string {
  const [date, time] = new Date(second * 1000).toISOString().slice(0, 19).split("T");
  return `"date":"${date}","time":"${time}"`;
}

function encoded(userAgent: string): string {
  return userAgent.replaceAll(" ", "%20");
}

/** `x-edge-result-type`. */
function resultOf({ upstreamMs, status }: Exchange): string {
  if (upstreamMs === undefined) return status === 429 ? "LimitExceeded" : "Error";
  return status >= 400 ? "Error" : "Miss";
}
