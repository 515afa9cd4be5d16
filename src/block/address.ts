import ipaddr from "ipaddr.js";
import { parseIPv4 } from "../normalize/ipv4.ts";

/** An IP network in numbers; a single address has the full prefix. Host bits are zero. */
export interface Network {
  readonly version: 4 | 6;
  /** The address as a number of 32 or 128 bits. */
  readonly bits: bigint;
  readonly prefix: number;
}

/** The length of an address, which is also the prefix of a single one. */
export const widthOf = (version: 4 | 6): number => (version === 4 ? 32 : 128);

/** How an IPv6 client is told apart: by its /64, since it has all addresses in it for itself. */
export const ipv6ClientPrefix = 64;

/** Reads one address; IPv4-mapped becomes IPv4, a zone id is dropped. `undefined` when it is none. */
export function parseAddress(text: string): Network | undefined {
  const ipv4 = parseIPv4(text);
  if (ipv4 >= 0) return { version: 4, bits: BigInt(ipv4), prefix: 32 };
  if (!text.includes(":") || text.length > 64 || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? fromIpv4(address.toIPv4Address()) : fromIpv6(address);
}

/** Reads an address or a CIDR range; host bits are zeroed. `undefined` when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return parseAddress(text);
  const address = parseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (!address || !/^\d{1,3}$/.test(digits)) return undefined;
  const written = Number(digits);
  // `::ffff:192.0.2.0/120` is an IPv4 /24 in disguise.
  const prefix = address.version === 4 && text.includes(":") ? written - 96 : written;
  return prefix < 0 || prefix > address.prefix ? undefined : widen(address, prefix);
}

/** The network of a shorter prefix around this one. */
export function widen(network: Network, prefix: number): Network {
  const dropped = BigInt(widthOf(network.version) - prefix);
  return { version: network.version, bits: (network.bits >> dropped) << dropped, prefix };
}

/** Whether `inner` lies wholly in `outer`. */
export function contains(outer: Network, inner: Network): boolean {
  return (
    outer.version === inner.version && outer.prefix <= inner.prefix && widen(inner, outer.prefix).bits === outer.bits
  );
}

/** Whether two networks share an address: then one of them contains the other. */
export function overlaps(a: Network, b: Network): boolean {
  return contains(a, b) || contains(b, a);
}

/** The canonical text (RFC 5952): an address alone, or with its prefix when it is a range. */
export function formatNetwork(network: Network): string {
  const address = network.version === 4 ? ipv4Text(network.bits) : ipv6Text(network.bits);
  return network.prefix === widthOf(network.version) ? address : `${address}/${network.prefix}`;
}

/** What a client is counted and blocked by: an IPv4 address as it is, IPv6 by its /64. */
export function clientNetwork(address: Network): Network {
  return address.version === 6 && address.prefix > ipv6ClientPrefix ? widen(address, ipv6ClientPrefix) : address;
}

// helpers

function fromIpv4(address: ipaddr.IPv4): Network {
  const [a = 0, b = 0, c = 0, d = 0] = address.octets;
  return { version: 4, bits: BigInt(a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d), prefix: 32 };
}

function fromIpv6(address: ipaddr.IPv6): Network {
  let bits = 0n;
  for (const part of address.parts) bits = (bits << 16n) | BigInt(part);
  return { version: 6, bits, prefix: 128 };
}

function ipv4Text(bits: bigint): string {
  const value = Number(bits);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

function ipv6Text(bits: bigint): string {
  const parts = [7, 6, 5, 4, 3, 2, 1, 0].map((i) => Number((bits >> BigInt(16 * i)) & 0xffffn));
  return new ipaddr.IPv6(parts).toRFC5952String();
}
