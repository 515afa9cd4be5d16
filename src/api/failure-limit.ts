import type { Clock } from "../clock.ts";

/** Failed attempts a peer may make in one window before they are only told to wait. */
const maxFailures = 10;
const windowMs = 60_000;
/** Peers remembered at a time; the oldest are forgotten first. */
const maxPeers = 4096;

/**
 * Bounds failed authentications by peer. Only wrong tokens are turned away: people who share a
 * proxy with whoever guesses can still work, and a token of 128 random bits is not guessed.
 */
export class FailureLimit {
  readonly #clock: Clock;
  readonly #peers = new Map<string, { since: number; failures: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a failure; the milliseconds to wait when there were too many, else 0. */
  failed(peer: string): number {
    const now = this.#clock.monotonic();
    let entry = this.#peers.get(peer);
    if (!entry || now - entry.since >= windowMs) {
      this.#peers.delete(peer);
      if (this.#peers.size >= maxPeers) this.#forgetOldest();
      entry = { since: now, failures: 0 };
      this.#peers.set(peer, entry);
    }
    entry.failures++;
    return entry.failures > maxFailures ? entry.since + windowMs - now : 0;
  }

  get size(): number {
    return this.#peers.size;
  }

  #forgetOldest(): void {
    const oldest = this.#peers.keys().next();
    if (!oldest.done) this.#peers.delete(oldest.value);
  }
}
