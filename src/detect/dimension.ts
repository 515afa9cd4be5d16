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
