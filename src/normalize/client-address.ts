import ipaddr from "ipaddr.js";
import { BoundedCache } from "./bounded-cache.ts";
import { isWithin, type IPv4Range, localIPv4, nobodysIPv4, parseIPv4, rangeOf } from "./ipv4.ts";

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

/** At most 20 MiB. */
const cachedAddresses = 32_768;

/** An address is at most 45 characters; with brackets, a zone and a port still less than this. */
const longestText = 80;

/** A reader for the given trusted networks (addresses or CIDR). */
export function createAddressReader(trusted: readonly string[]): AddressReader {
  const { v4, v6 } = readNetworks(trusted);
  // Reading IPv4 is cheaper than looking it up; IPv6 is not, and a shop's visitors come back.
  const cache = new BoundedCache<string, ClientAddress | null>(cachedAddresses);
  return (text) => {
    if (text.length > longestText) return undefined;
    const bare = withoutPort(text);
    const number = parseIPv4(bare);
    if (number >= 0) return addressV4(bare, number, v4);
    if (!bare.includes(":")) return undefined;
    const known = cache.get(bare);
    if (known !== undefined) return known ?? undefined;
    const read = readV6(bare, { v4, v6 });
    cache.set(bare, read ?? null);
    return read;
  };
}

// helpers

interface Networks {
  readonly v4: readonly IPv4Range[];
  readonly v6: readonly (readonly [ipaddr.IPv6, number])[];
}

function readNetworks(texts: readonly string[]): Networks {
  const v4: IPv4Range[] = [];
  const v6: [ipaddr.IPv6, number][] = [];
  for (const text of texts) {
    const [address, bits] = text.includes("/") ? ipaddr.parseCIDR(text) : [ipaddr.parse(text), undefined];
    if (address.kind() === "ipv4") v4.push(rangeOf(parseIPv4(address.toString()), bits ?? 32));
    else v6.push([address as ipaddr.IPv6, bits ?? 128]);
  }
  return { v4, v6 };
}

/** `203.0.113.77:51544` and `[2001:db8::1%eth0]:443` without what is not the address. */
function withoutPort(text: string): string {
  const colon = text.indexOf(":");
  if (colon < 0) return text;
  let bare = text;
  if (bare.startsWith("[")) {
    const end = bare.indexOf("]");
    bare = bare.slice(1, end < 0 ? undefined : end);
  } else if (colon > 0 && bare.indexOf(":", colon + 1) < 0) bare = bare.slice(0, colon);
  const zone = bare.indexOf("%");
  return zone < 0 ? bare : bare.slice(0, zone);
}

function addressV4(ip: string, number: number, trusted: readonly IPv4Range[]): ClientAddress | undefined {
  if (isWithin(number, nobodysIPv4)) return undefined;
  return { ip, key: ip, trusted: isWithin(number, trusted), local: isWithin(number, localIPv4) };
}

function readV6(text: string, { v4, v6 }: Networks): ClientAddress | undefined {
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  if (address.kind() === "ipv4") {
    const ip = address.toString();
    return addressV4(ip, parseIPv4(ip), v4);
  }
  const range = address.range();
  if (range === "unspecified" || range === "multicast") return undefined;
  const { parts } = address as ipaddr.IPv6;
  const network = new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0]);
  return {
    ip: (address as ipaddr.IPv6).toRFC5952String(),
    key: `${network.toRFC5952String()}/64`,
    trusted: v6.some(([network, bits]) => address.match(network, bits)),
    local: range === "loopback" || range === "linkLocal" || range === "uniqueLocal",
  };
}
