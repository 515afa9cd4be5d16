import type { AccessEvent, EndpointClass } from "./access-event.ts";
import type { GeoLookup } from "./geo-place.ts";
import { isWithin, localIPv4, parseIPv4 } from "./ipv4.ts";

/**
 * Adds where an event's client is, as far as the log does not say. Coordinates of another country than the
 * log's would be a place where nobody is.
 */
export function addPlace(event: AccessEvent, geo: GeoLookup): void {
  const { clientIp, clientKey } = event;
  if (clientIp === undefined || clientKey === undefined || !needsPlace.has(event.endpointClass)) return;
  if (!lacksPlace(event) || isLocal(clientIp)) return;
  const place = geo.lookup(clientIp.includes(":") ? clientKey.slice(0, -3) : clientIp);
  if (place === undefined) return;
  const isSameCountry = event.country === undefined || place.country === event.country;
  event.country ??= place.country;
  event.asn ??= place.asn;
  if (!isSameCountry) return;
  event.latitude ??= place.latitude;
  event.longitude ??= place.longitude;
}

// helpers

/**
 * Where somebody asks from matters for who signs in and who pays. Browsing is most of a shop's
 * traffic, no detector asks where it comes from, and a look-up for each of its events would cost
 * more than reading the line.
 */
const needsPlace: ReadonlySet<EndpointClass> = new Set([
  "login", "signup", "password_reset", "payment", "checkout", "cart", "promo", "loyalty", "order", "account",
  "reservation", "admin",
] as const); // prettier-ignore

function lacksPlace({ country, latitude, longitude, asn }: AccessEvent): boolean {
  return country === undefined || latitude === undefined || longitude === undefined || asn === undefined;
}

/** Not of the internet, as `ClientAddress.local` has it: of canonical text. */
function isLocal(ip: string): boolean {
  const number = parseIPv4(ip);
  return number < 0 ? /^(?:f[cd]|fe[89ab]|::1$)/.test(ip) : isWithin(number, localIPv4);
}
