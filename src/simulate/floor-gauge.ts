/** Tells when something was counted often enough within a window, and was a large enough share of all. */
export class FloorGauge {
  readonly #options: { readonly floor: number; readonly windowMs: number; readonly share: number };
  /** Times of what counts, and of all: what left the window stays before the index. */
  readonly #hits: number[] = [];
  readonly #all: number[] = [];
  #firstHit = 0;
  #firstOfAll = 0;
  #crossedAt: number | undefined;

  /** `share`: of all, that what counts has to be; 0: any. */
  constructor(options: { floor: number; windowMs: number; share?: number }) {
    this.#options = { share: 0, ...options };
  }

  /** When the floor was reached first, epoch ms. */
  get crossedAt(): number | undefined {
    return this.#crossedAt;
  }

  add(now: number, counts: boolean): void {
    if (this.#crossedAt !== undefined) return;
    const { floor, windowMs, share } = this.#options;
    const since = now - windowMs;
    if (share > 0) {
      this.#all.push(now);
      while (this.#all[this.#firstOfAll]! <= since) this.#firstOfAll++;
    }
    if (!counts) return;
    this.#hits.push(now);
    while (this.#hits[this.#firstHit]! <= since) this.#firstHit++;
    const hits = this.#hits.length - this.#firstHit;
    if (hits >= floor && hits >= share * (this.#all.length - this.#firstOfAll)) this.#crossedAt = now;
  }
}
