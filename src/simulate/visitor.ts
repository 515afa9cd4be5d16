import type { Place } from "./places.ts";

/**
 * Whoever asks, from one device at one place: what a gateway sees of a connection. All texts are plain
 * ASCII without quotes, backslashes and spaces at their ends, so that no format has to escape them.
 */
export interface Visitor {
  readonly ip: string;
  /** What clients are counted by: the address, or the /64 of an IPv6 one. */
  readonly clientKey: string;
  readonly userAgent: string;
  readonly place: Place;
  readonly deviceId: string | undefined;
  /** Who is signed in; `undefined`: nobody is. */
  userId: string | undefined;
  sessionId: string | undefined;
  role: string | undefined;
  /** The id of an API key. */
  apiKey: string | undefined;
}

/** A visitor nobody knows yet; what `given` leaves out is unknown. */
export function aVisitor(given: {
  readonly address: Address;
  readonly userAgent: string;
  readonly place: Place;
  readonly deviceId?: string | undefined;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly role?: string | undefined;
  readonly apiKey?: string | undefined;
}): Visitor {
  const { address, userAgent, place, deviceId, userId, sessionId, role, apiKey } = given;
  const { ip, clientKey } = address;
  return { ip, clientKey, userAgent, place, deviceId, userId, sessionId, role, apiKey };
}

/** An address, and what its client is counted by. */
export interface Address {
  readonly ip: string;
  readonly clientKey: string;
}

/** The `n`-th address of a block of IPv4 addresses, `base` being its first three parts as numbers. */
export function addressV4([a, b, c]: readonly [number, number, number], n: number): Address {
  const ip = `${a}.${b}.${c + (n >> 8)}.${n & 255}`;
  return { ip, clientKey: ip };
}

/** An address in the /64 that the two numbers (from 1 to 65,535) name; `device`: 32 bits that tell its hosts apart. */
export function addressV6(high: number, low: number, device: number): Address {
  const network = `2001:db8:${high.toString(16)}:${low.toString(16)}:`;
  // Groups of zeros would be written in another way.
  const end = ((device & 0xffff) | 1).toString(16);
  const ip = `${network}${((device >>> 16) | 1).toString(16)}:2:3:${end}`;
  return { ip, clientKey: `${network}:/64` };
}
