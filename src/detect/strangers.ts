import type { AccessEvent } from "../normalize/access-event.ts";
import type { Known, Predicate } from "./define-detector.ts";

/**
 * Asked with an API key and for no user: a partner's batch, or an app that has one key for all of its
 * customers. Such an actor is no one person, and what would be too much for one says nothing.
 */
export const hasSharedKey: Predicate = ({ apiKey, userId }) => apiKey !== undefined && userId === undefined;

/** The user agent of somebody who is known by their address alone; `undefined` for users. */
export function strangerAgent({ userId, userAgent }: AccessEvent): string | undefined {
  return userId === undefined ? userAgent : undefined;
}

/**
 * At least so many people are behind an address, by their user agents: 1 where that can't be told, at
 * most `most`. Two phones of one kind look alike, so there may be many more; and whoever changes the
 * user agent looks like many, which `most` bounds.
 */
export function peopleBehind(agents: Known, most: number): number {
  return agents.known ? Math.min(most, Math.max(1, agents.value)) : 1;
}
