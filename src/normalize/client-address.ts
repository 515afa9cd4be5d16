import ipaddr from "ipaddr.js";
import { BoundedCache } from "./bounded-cache.ts";

/** One address, read. */
export interface ClientAddress {
  /** Canonical text: RFC 5952, IPv4-mapped as IPv4, without port, brackets or zone. */
  readonly ip: string;
  /** The IPv4 address, or the /64 of an IPv6 address. */
  readonly key: string;
  /** One of our own hops. */
  readonly trusted: boolean;
  /** Not of the internet: private, shared (RFC 6598), loopback or link-local. */
  readonly local: boolean;
}

/** Reads addresses against the trusted networks; `undefined` when the text is no address of a client. */
export type AddressReader = (text: string) => ClientAddress | undefined;

/** Of each kind; at most 10 MiB. */
const cachedAddresses = 32_768;

/** An address is at most 45 characters; with brackets, a zone and a port still less than this. */
const longestText = 80;

/**
 * A reader for the given trusted networks (addresses or CIDR). What it read is cached, because a
 * shop's visitors come back.
 */
export function createAddressReader(trusted: readonly string[]): AddressReader {
  const networks = trusted.map(parseNetwork);
  const cache = new BoundedCache<string, ClientAddress | null>(cachedAddresses);
  return (text) => {
    if (text.length > longestText) return undefined;
    const bare = withoutPort(text);
    const known = cache.get(bare);
    if (known !== undefined) return known ?? undefined;
    const read = readAddress(bare, networks);
    // A copy of its own: the text may be a slice that keeps a whole chunk of a file alive.
    cache.set(read?.ip === bare ? read.ip : Buffer.from(bare).toString(), read ?? null);
    return read;
  };
}

/** What clients are counted by: an IPv4 address as it is, an IPv6 address as its /64. */
export function clientKeyOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address.kind() === "ipv4") return address.toString();
  const { parts } = address as ipaddr.IPv6;
  const network = new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0]);
  return `${network.toRFC5952String()}/64`;
}

// helpers

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

function parseNetwork(text: string): Network {
  if (text.includes("/")) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** `203.0.113.77:51544` and `[2001:db8::1%eth0]:443` without what is not the address. */
function withoutPort(text: string): string {
  let bare = text;
  if (bare.startsWith("[")) {
    const end = bare.indexOf("]");
    bare = bare.slice(1, end < 0 ? undefined : end);
  } else {
    const colon = bare.indexOf(":");
    if (colon > 0 && bare.indexOf(":", colon + 1) < 0) bare = bare.slice(0, colon);
  }
  const zone = bare.indexOf("%");
  return zone < 0 ? bare : bare.slice(0, zone);
}

function readAddress(text: string, networks: readonly Network[]): ClientAddress | undefined {
  // Only four decimal parts: what "010.1" or "0x7f.1" means depends on who reads it.
  const isIPv4 = ipaddr.IPv4.isValidFourPartDecimal(text) && !/(^|\.)0\d/.test(text);
  if (!isIPv4 && !(text.includes(":") && ipaddr.IPv6.isValid(text))) return undefined;
  const address = ipaddr.process(text);
  const range = address.range();
  if (range === "unspecified" || range === "broadcast" || range === "multicast") return undefined;
  return {
    ip: address.kind() === "ipv4" ? address.toString() : (address as ipaddr.IPv6).toRFC5952String(),
    key: clientKeyOf(address),
    trusted: networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits)),
    local:
      range === "private" ||
      range === "loopback" ||
      range === "linkLocal" ||
      range === "uniqueLocal" ||
      range === "carrierGradeNat",
  };
}
