import type { AccessEvent } from "../normalize/access-event.ts";

/**
 * What a key is made of. `clientIp` is the address, or the /64 of an IPv6 client; `actor` is the
 * surest name for whoever asks: the user, else the API key, else the client. `network` is the /24 of an
 * IPv4 client, the /48 of an IPv6 one. `sku`, `promoCode`, `cardBin` and `provider` are attributes that
 * the shop's application names; a request without a `provider` has its route for one. `nonce` is what
 * should come once: the attribute `nonce`, else `idempotencyKey`.
 */
export const dimensions = [
  "clientIp", "userId", "apiKey", "sessionId", "deviceId", "actor", "country", "asn", "userAgent", "route", "endpointClass",
  "gateway", "host", "network", "role", "sku", "promoCode", "cardBin", "provider", "nonce",
] as const; // prettier-ignore
export type Dimension = (typeof dimensions)[number];

/** One part of a key, as text. */
export function dimensionOf(event: AccessEvent, dimension: Dimension): string | undefined {
  switch (dimension) {
    case "clientIp":
      return event.clientKey;
    case "actor":
      return actorOf(event);
    case "asn":
      return event.asn === undefined ? undefined : String(event.asn);
    case "network":
      return event.clientKey === undefined ? undefined : networkOf(event.clientKey);
    case "sku":
    case "promoCode":
    case "cardBin":
      return event.attributes?.[dimension];
    case "provider":
      return event.attributes?.[dimension] ?? (event.origin === "shop" ? event.endpointClass : event.route);
    case "nonce":
      return event.attributes?.["nonce"] ?? event.attributes?.["idempotencyKey"];
    default:
      return event[dimension];
  }
}

/** The surest name for whoever asks: `user:…`, else `key:…`, else `ip:…`. */
export function actorOf(event: AccessEvent): string | undefined {
  if (event.userId !== undefined) return `user:${event.userId}`;
  if (event.apiKey !== undefined) return `key:${event.apiKey}`;
  return event.clientKey === undefined ? undefined : `ip:${event.clientKey}`;
}

/** The /24 around an IPv4 address, the /48 around an IPv6 client's /64; both as canonical text. */
export function networkOf(clientKey: string): string {
  if (!clientKey.includes(":")) return `${clientKey.slice(0, clientKey.lastIndexOf("."))}.0/24`;
  const groups = clientKey.slice(0, clientKey.indexOf("::")).split(":").slice(0, 3);
  while (groups.length > 0 && (groups.at(-1) === "0" || groups.at(-1) === "")) groups.pop();
  return `${groups.join(":")}::/48`;
}
