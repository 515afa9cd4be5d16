import { parseAddress } from "./address.ts";
import type { NetworkList } from "./network-list.ts";

/** More hops than this are no chain of proxies but an attempt to keep us busy. */
const maxHops = 32;

/** The last hop of `X-Forwarded-For` that is none of ours: everything left of it could be forged. */
export function rightmostUntrusted(forwardedFor: string, trusted: NetworkList): string | undefined {
  const hops = forwardedFor.split(",");
  for (let i = hops.length - 1; i >= Math.max(0, hops.length - maxHops); i--) {
    const hop = hopAddress(hops[i] ?? "");
    const network = parseAddress(hop);
    // What can't be read is not skipped: whoever wrote it could have written the rest as well.
    if (!network) return undefined;
    if (trusted.containing(network) === undefined) return hop;
  }
  return undefined;
}

/** One entry as an address: without port, brackets and zone. */
export function hopAddress(entry: string): string {
  const text = entry.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1];
  if (bracketed !== undefined) return bracketed.replace(/%.*$/, "");
  return /^\d{1,3}(?:\.\d{1,3}){3}:\d+$/.test(text) ? text.slice(0, text.indexOf(":")) : text.replace(/%.*$/, "");
}
