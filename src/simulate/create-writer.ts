import type { EventField } from "../normalize/access-event.ts";
import { shopAttributes } from "../normalize/formats/shop-event.ts";
import type { Exchange } from "./exchange.ts";
import type { ShopAttributes, ShopEvent } from "./shop-event.ts";
import type { LineFormat, Writer } from "./writer.ts";
import { WrittenTimes } from "./written-time.ts";
import { apisix } from "./writers/apisix.ts";
import { awsAlb, awsApiGateway } from "./writers/aws.ts";
import { caddy } from "./writers/caddy.ts";
import { azureAppGateway, gcpLoadBalancer } from "./writers/cloud.ts";
import { apacheCombined, ingressNginx, nginxCombined, traefikClf } from "./writers/combined.ts";
import { cloudflare, cloudfrontStandard } from "./writers/edge.ts";
import { envoyGateway, envoyOtlp, envoyText } from "./writers/envoy.ts";
import { haproxyHttp, haproxyJson } from "./writers/haproxy.ts";
import { kong } from "./writers/kong.ts";
import { nginxJson } from "./writers/nginx-json.ts";
import { ecs, otelHttp } from "./writers/observability.ts";
import { traefikJson } from "./writers/traefik-json.ts";

/** Every format that is written, as gateways write it by default. */
export const lineFormats: readonly LineFormat[] = [
  nginxCombined, nginxJson, envoyGateway, kong, apisix, traefikJson, haproxyHttp, caddy, awsApiGateway, cloudflare, ecs,
  apacheCombined, ingressNginx, traefikClf, envoyText, envoyOtlp, haproxyJson, awsAlb, cloudfrontStandard,
  gcpLoadBalancer, azureAppGateway, otelHttp,
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
    return { id, format: name, carries, request: (x) => write(x) + shopKeys(x), shopEvent };
  }
  const request = format.kind === "json" ? (x: Exchange) => `${write(x)}}` : write;
  return { id, format: name, carries: format.carries, request };
}

// helpers

/** What headers of the application's answers add to a gateway's line; docs/shop-headers.md. */
const toldByShop: readonly EventField[] = [
  "userId", "role", "apiKey", "sessionId", "deviceId", "country", "asn", "latitude", "longitude", "attributes",
]; // prettier-ignore

/** Always the same keys, so that lines have one shape; what is unknown is empty. */
function shopKeys(x: Exchange): string {
  const { role, apiKey, sessionId, deviceId, place } = x.visitor;
  const attributes = x.attributes === undefined ? "" : attributesText(x.attributes).slice(1);
  const override = x.methodOverride === undefined ? "" : `,"method_override":"${x.methodOverride}"`;
  return `${override},"user_id":"${x.userId ?? ""}","role":"${role ?? ""}","api_key":"${apiKey ?? ""}","session":"${sessionId ?? ""}","device":"${deviceId ?? ""}","country":"${place.country}","asn":${place.asn},"latitude":${place.latitude},"longitude":${place.longitude},"outcome":"${x.outcome ?? ""}","attributes":{${attributes}}}`;
}

/** One event in the schema of docs/shop-events.md. */
function shopEvent({ event, visitor, userId, attributes }: ShopEvent, time: number): string {
  const user = userId ?? visitor.userId;
  const { sessionId, deviceId, apiKey, role, place } = visitor;
  const who =
    (user === undefined ? "" : `,"userId":"${user}"`) +
    (sessionId === undefined ? "" : `,"sessionId":"${sessionId}"`) +
    (deviceId === undefined ? "" : `,"deviceId":"${deviceId}"`) +
    (apiKey === undefined ? "" : `,"apiKey":"${apiKey}"`) +
    (role === undefined ? "" : `,"role":"${role}"`);
  const where = `"country":"${place.country}","asn":${place.asn},"latitude":${place.latitude},"longitude":${place.longitude}`;
  const more = attributes === undefined ? "" : besideText(attributes);
  return `{"event":"${event}","time":${time},"clientIp":"${visitor.ip}","userAgent":"${visitor.userAgent}",${where}${who}${more}}`;
}

const beside: ReadonlySet<string> = new Set(shopAttributes);

/** Known attributes stand beside the other fields, others under `attributes`. */
function besideText(attributes: ShopAttributes): string {
  for (const name in attributes) {
    if (beside.has(name)) continue;
    const all = Object.entries(attributes);
    const known = Object.fromEntries(all.filter(([one]) => beside.has(one)));
    const others = Object.fromEntries(all.filter(([one]) => !beside.has(one)));
    return `${attributesText(known)},"attributes":{${attributesText(others).slice(1)}}`;
  }
  return attributesText(attributes);
}

/** `,"sku":"A-17","quantity":3` */
function attributesText(attributes: ShopAttributes): string {
  let text = "";
  for (const name in attributes) {
    const value = attributes[name] as string | number;
    text += typeof value === "number" ? `,"${name}":${value}` : `,"${name}":"${value}"`;
  }
  return text;
}
