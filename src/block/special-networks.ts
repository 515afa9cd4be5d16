import { type Network, overlaps, parseNetwork } from "./address.ts";

/** Addresses that are never one client on the internet: IANA's special-purpose registries, RFC 6890. */
const specialNetworks = [
  ["0.0.0.0/8", "no address"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "carrier-grade NAT"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.168.0.0/16", "private"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
  ["::/127", "loopback"],
  ["64:ff9b::/96", "IPv4 through NAT64"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
] as const;

/** What kind of special network this range touches, with its name; `undefined` for the open internet. */
export function specialKind(network: Network): string | undefined {
  const found = parsed.find((special) => overlaps(special.network, network));
  return found && `${found.kind} (${found.text})`;
}

// helpers

const parsed = specialNetworks.map(([text, kind]) => ({ text, kind, network: parseNetwork(text) as Network }));
