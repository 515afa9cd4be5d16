import { parseIPv4 } from "../normalize/ipv4.ts";
import type { JudgeContext } from "./judge-context.ts";

const bits32 = 2 ** 32;
const prime = 4_294_967_291;

/** More users than a household: the address is a VPN's, a carrier's or a company's way out. */
const household = 3;

/** A client as a number, for counters that hold numbers: IPv4 addresses as they are, all else beyond them by a hash. */
export function addressNumber(clientKey: string | undefined): number | undefined {
  if (clientKey === undefined) return undefined;
  const address = parseIPv4(clientKey);
  if (address !== -1) return address;
  let hash = 7;
  for (let i = 0; i < clientKey.length; i++) hash = (hash * 31 + clientKey.charCodeAt(i)) % prime;
  return bits32 + hash;
}

/** The IPv4 address that a number stands for; `undefined` for others, which many people never share. */
export function addressOf(number: number): string | undefined {
  if (number >= bits32) return undefined;
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join(".");
}

/** Whether more users than a household succeeded from an address within a day: where it is says nothing of one of them. */
export function isShared(address: number, context: Pick<JudgeContext, "usersBehind">): boolean {
  return (context.usersBehind(address) ?? 0) > household;
}
