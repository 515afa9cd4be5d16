import type { AccessEvent } from "../normalize/access-event.ts";

/** How many there were, and of how many a block would have been in the way. */
export interface Share {
  total: number;
  hit: number;
}

const dayMs = 86_400_000;

/** What everybody but the attackers did, and how much of it a block would have been in the way of. */
export class BenignCounts {
  readonly requests: Share = { total: 0, hit: 0 };
  /** Successful ones. */
  readonly logins: Share = { total: 0, hit: 0 };
  readonly checkouts: Share = { total: 0, hit: 0 };
  readonly #clients = new Set<string>();

  add(event: AccessEvent, isHit: boolean): void {
    if (event.origin === "gateway") {
      count(this.requests, isHit);
      if (event.clientKey !== undefined) this.#clients.add(`${Math.floor(event.time / dayMs)} ${event.clientKey}`);
    }
    if (!event.attempt || event.outcome !== "ok") return;
    if (event.endpointClass === "login") count(this.logins, isHit);
    if (event.endpointClass === "checkout" || event.endpointClass === "payment") count(this.checkouts, isHit);
  }

  /** Clients, each once for each day it was seen on. */
  get clientDays(): number {
    return this.#clients.size;
  }
}

function count(share: Share, isHit: boolean): void {
  share.total++;
  if (isHit) share.hit++;
}
