import type { WouldHaveHit } from "./decision.ts";

/** Enough names to see who it is; the count tells how many there are. */
const maxUsers = 10;

/** What of an event is counted: no shop event is a request, and each success counts once. */
export interface CountedEvent {
  readonly origin: "gateway" | "shop";
  readonly attempt: boolean;
  readonly outcome: string;
  readonly userId?: string | undefined;
}

interface Tally {
  requests: number;
  succeeded: number;
  readonly users: Set<string>;
}

/** Counts for each dry-run decision the requests it would have refused. At most one entry a decision. */
export class WouldHaveHits {
  readonly #tallies = new Map<string, Tally>();

  count(uuid: string, event: CountedEvent): void {
    let tally = this.#tallies.get(uuid);
    if (!tally) this.#tallies.set(uuid, (tally = { requests: 0, succeeded: 0, users: new Set() }));
    if (event.origin === "gateway") tally.requests++;
    if (event.outcome === "ok" && event.attempt) tally.succeeded++;
    if (event.userId !== undefined && tally.users.size < maxUsers) tally.users.add(event.userId);
  }

  of(uuid: string): WouldHaveHit | undefined {
    const tally = this.#tallies.get(uuid);
    return tally && { requests: tally.requests, succeeded: tally.succeeded, users: [...tally.users] };
  }

  forget(uuid: string): void {
    this.#tallies.delete(uuid);
  }
}
