import type { EventField } from "../normalize/access-event.ts";
import type { Exchange } from "./exchange.ts";
import { ShopText } from "./shop-text.ts";
import type { LineFormat, Writer } from "./writer.ts";
import { WrittenTimes } from "./written-time.ts";
import { apisix } from "./writers/apisix.ts";
import { awsAlb, awsApiGateway } from "./writers/aws.ts";
import { caddy } from "./writers/caddy.ts";
import { azureAppGateway, gcpLoadBalancer } from "./writers/cloud.ts";
import { apacheCombined, ingressNginx, nginxCombined, traefikClf } from "./writers/combined.ts";
import { cloudflare } from "./writers/cloudflare.ts";
import { cloudfrontRealtime, cloudfrontStandard } from "./writers/cloudfront.ts";
import { envoyGateway, envoyOtlp, envoyText } from "./writers/envoy.ts";
import { haproxyHttp, haproxyJson } from "./writers/haproxy.ts";
import { kong } from "./writers/kong.ts";
import { nginxJson } from "./writers/nginx-json.ts";
import { ecs, otelHttp } from "./writers/observability.ts";
import { ownJson } from "./writers/own-json.ts";
import { traefikJson } from "./writers/traefik-json.ts";

/** Every format that is written, as gateways write it by default. */
export const lineFormats: readonly LineFormat[] = [
  nginxCombined, nginxJson, envoyGateway, kong, apisix, traefikJson, haproxyHttp, caddy, awsApiGateway, cloudflare, ecs,
  apacheCombined, ingressNginx, traefikClf, envoyText, envoyOtlp, haproxyJson, awsAlb, cloudfrontStandard,
  gcpLoadBalancer, azureAppGateway, otelHttp, cloudfrontRealtime, ownJson,
]; // prettier-ignore

/** What `--format` may say: a format's name, or `enriched` of a JSON format; `enriched` alone is nginx's. */
export const writerIds: readonly string[] = [
  "enriched",
  ...lineFormats.map(({ id }) => id),
  ...lineFormats.filter(({ kind }) => kind === "json").map(({ id }) => `enriched-${id}`),
];

/** The writer of that name; `undefined`: there is none. */
export function createWriter(id: string): Writer | undefined {
  const isEnriched = id === "enriched" || id.startsWith("enriched-");
  const name = id === "enriched" ? nginxJson.id : isEnriched ? id.slice("enriched-".length) : id;
  const format = lineFormats.find((one) => one.id === name);
  if (format === undefined || (isEnriched && format.kind === "text")) return undefined;
  const write = format.create(new WrittenTimes());
  if (isEnriched) {
    const carries = [...new Set([...format.carries, ...toldByShop])];
    const shop = new ShopText();
    const request = (x: Exchange) => `${write(x)},${shop.keys(x)}}`;
    return { id, format: name, carries, request, shopEvent: (event, time) => shop.event(event, time) };
  }
  const request = format.kind === "json" ? (x: Exchange) => `${write(x)}}` : write;
  return { id, format: name, carries: format.carries, described: format.described, request };
}

// helpers

/** What headers of the application's answers add to a gateway's line; docs/shop-headers.md. */
const toldByShop: readonly EventField[] = [
  "userId", "role", "apiKey", "sessionId", "deviceId", "country", "asn", "latitude", "longitude", "attributes",
]; // prettier-ignore
