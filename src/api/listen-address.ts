import { BlockList, isIP } from "node:net";
import { z } from "zod";

/** Where to listen; the host without brackets. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080` in a configuration, read into host and port. */
export const listenAddress = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, {
    error: "expected an address and a port, an IPv6 address in brackets",
  })
  .refine((text) => parseListenAddress(text).port <= 65_535, { error: "expected a port up to 65535" })
  .meta({ examples: ["127.0.0.1:8080", "[::1]:8080"] })
  .transform(parseListenAddress);

/** True for an address or name that only this machine can reach; IPv4-mapped addresses included. */
export function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 4 ? "ipv4" : "ipv6");
}

// helpers

// Node's list also matches IPv4 rules against IPv4-mapped IPv6 addresses.
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function parseListenAddress(text: string): ListenAddress {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}
