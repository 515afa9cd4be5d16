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
