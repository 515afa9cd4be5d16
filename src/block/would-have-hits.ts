import { bitmapWords, countDistinct, setBit } from "../detect/bitmap.ts";
import { hash32 } from "../detect/hash.ts";
import { ownCopy } from "../detect/own-copy.ts";
import type { WouldHaveHit } from "./decision.ts";

/** Enough names to see who it is; the count tells how many there are. */
const maxUsers = 10;

/** What of an event is counted: no shop event is a request, and each success counts once. */
export interface CountedEvent {
  readonly origin: "gateway" | "shop";
  readonly attempt: boolean;
  readonly outcome: string;
  readonly endpointClass: string;
  readonly userId?: string | undefined;
}

interface Tally {
  requests: number;
  succeeded: number;
  signedIn: number;
  bought: number;
  readonly users: Set<string>;
  /** All users, as bits of their hashes. */
  readonly userBits: Uint32Array;
}

/** Counts for each dry-run decision the requests it would have refused. At most one entry a decision. */
export class WouldHaveHits {
  readonly #tallies = new Map<string, Tally>();

  count(uuid: string, event: CountedEvent): void {
    let tally = this.#tallies.get(uuid);
    if (!tally) this.#tallies.set(uuid, (tally = newTally()));
    if (event.origin === "gateway") tally.requests++;
    if (event.outcome === "ok" && event.attempt) {
      tally.succeeded++;
      if (event.endpointClass === "login") tally.signedIn++;
      // As the guard counts purchases.
      else if (event.endpointClass === "checkout" || event.endpointClass === "payment") tally.bought++;
    }
    if (event.userId === undefined) return;
    if (tally.users.size < maxUsers && !tally.users.has(event.userId)) tally.users.add(ownCopy(event.userId));
    setBit(tally.userBits, 0, hash32(event.userId));
  }

  of(uuid: string): WouldHaveHit | undefined {
    const tally = this.#tallies.get(uuid);
    if (!tally) return undefined;
    const { requests, succeeded, signedIn, bought, users, userBits } = tally;
    // Up to the names that are kept, their number is exact.
    const userCount = users.size < maxUsers ? users.size : Math.max(maxUsers, countDistinct(userBits));
    return { requests, succeeded, signedIn, bought, users: [...users], userCount };
  }

  forget(uuid: string): void {
    this.#tallies.delete(uuid);
  }

  save(): SavedHits {
    return [...this.#tallies].map(([uuid, tally]) => [
      uuid,
      { ...tally, users: [...tally.users], userBits: tally.userBits.slice() },
    ]);
  }

  /** Goes on with what was saved, of those decisions that still hold. */
  load(saved: SavedHits, holds: (uuid: string) => boolean): void {
    for (const [uuid, tally] of saved) {
      if (holds(uuid))
        this.#tallies.set(uuid, { ...tally, users: new Set(tally.users), userBits: tally.userBits.slice() });
    }
  }
}

/** The tallies of decisions that hold, by uuid, as plain data. */
export type SavedHits = readonly (readonly [
  uuid: string,
  tally: Omit<Tally, "users"> & { readonly users: readonly string[] },
])[];

// helpers

function newTally(): Tally {
  return {
    requests: 0,
    succeeded: 0,
    signedIn: 0,
    bought: 0,
    users: new Set(),
    userBits: new Uint32Array(bitmapWords),
  };
}
