import ipaddr from "ipaddr.js";
import { AddressRanges } from "./address-ranges.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { isWithin, localIPv4, nobodysIPv4, parseIPv4 } from "./ipv4.ts";
import { createPlainIPv6Reader, type PlainIPv6 } from "./ipv6.ts";

/** One address, read. */
export interface ClientAddress {
  /** Canonical text: RFC 5952, IPv4-mapped as IPv4, without port, brackets or zone. */
  readonly ip: string;
  /** What clients are counted by: the IPv4 address, or the /64 of an IPv6 address. */
  readonly key: string;
  /** One of our own hops. */
  readonly trusted: boolean;
  /** Not of the internet: private, shared (RFC 6598), loopback or link-local. */
  readonly local: boolean;
}

/** Reads addresses against the trusted networks; `undefined` when the text is no address of a client. */
export type AddressReader = (text: string) => ClientAddress | undefined;

/** IPv6 addresses that are written in a way of their own; at most 3 MiB. */
const cachedAddresses = 4_096;

/** An address is at most 45 characters; with brackets, a zone and a port still less than this. */
const longestText = 80;
/** From here on a first group is a multicast address's. */
const multicast = 0xff00;

/** A reader for the given trusted networks (addresses or CIDR). */
export function createAddressReader(trusted: readonly string[]): AddressReader {
  const ours = new AddressRanges(trusted);
  const readPlain = createPlainIPv6Reader();
  const cache = new BoundedCache<string, ClientAddress | null>(cachedAddresses);
  // Reading is no dearer than looking up: a table of all visitors is in no processor's cache.
  const readUsual = (text: string): ClientAddress | undefined => {
    const number = parseIPv4(text);
    if (number >= 0) return addressV4(text, number, ours);
    const plain = readPlain(text);
    return plain && addressV6(text, plain, ours);
  };
  return (text) => {
    if (text.length > longestText) return undefined;
    const usual = readUsual(text);
    if (usual !== undefined) return usual;
    const bare = withoutPort(text);
    const inside = bare === text ? undefined : readUsual(bare);
    if (inside !== undefined) return inside;
    if (!bare.includes(":")) return undefined;
    const known = cache.get(bare);
    if (known !== undefined) return known ?? undefined;
    const read = readV6(bare, ours);
    // A copy: the text may be a piece of a line, which it would keep in memory.
    cache.set(Buffer.from(bare).toString(), read ?? null);
    return read;
  };
}

// helpers

/**
 * `203.0.113.77:51544` and `[2001:db8::1%eth0]:443` without what is not the address. What follows an
 * address and is no port makes it none: nothing that writes addresses writes that.
 */
function withoutPort(text: string): string {
  const colon = text.indexOf(":");
  if (colon < 0) return text;
  let bare = text;
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    if (end < 0 || !(end === text.length - 1 || isPort(text, end + 1))) return "";
    bare = text.slice(1, end);
  } else if (colon > 0 && text.indexOf(":", colon + 1) < 0) {
    return isPort(text, colon) ? text.slice(0, colon) : "";
  }
  const zone = bare.indexOf("%");
  return zone < 0 ? bare : bare.slice(0, zone);
}

/** From `at`: a colon, and one to five digits or an obfuscated port (`_p1`, RFC 7239). */
function isPort(text: string, at: number): boolean {
  if (text[at] !== ":") return false;
  if (text[at + 1] === "_") return true;
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return text.length - at >= 2 && text.length - at <= 6;
}

function addressV4(ip: string, number: number, ours: AddressRanges): ClientAddress | undefined {
  if (isWithin(number, nobodysIPv4)) return undefined;
  return { ip, key: ip, trusted: ours.hasIPv4(number), local: isWithin(number, localIPv4) };
}

function addressV6(ip: string, { groups, networkLength }: PlainIPv6, ours: AddressRanges): ClientAddress | undefined {
  const first = groups[0]!;
  if (first >= multicast) return undefined;
  return {
    ip,
    key: `${ip.slice(0, networkLength)}::/64`,
    trusted: ours.hasIPv6(groups),
    // Of one link (fe80::/10), or of one site (fc00::/7).
    local: (first & 0xffc0) === 0xfe80 || (first & 0xfe00) === 0xfc00,
  };
}

function readV6(text: string, ours: AddressRanges): ClientAddress | undefined {
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  if (address.kind() === "ipv4") {
    const ip = address.toString();
    return addressV4(ip, parseIPv4(ip), ours);
  }
  const range = address.range();
  if (range === "unspecified" || range === "multicast") return undefined;
  const { parts } = address as ipaddr.IPv6;
  const network = new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0]);
  return {
    ip: (address as ipaddr.IPv6).toRFC5952String(),
    key: `${network.toRFC5952String()}/64`,
    trusted: ours.hasIPv6(parts),
    local: range === "loopback" || range === "linkLocal" || range === "uniqueLocal",
  };
}
