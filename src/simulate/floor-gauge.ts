/** What a floor is, beside a number of events within a window. */
export interface FloorTerms {
  readonly floor: number;
  readonly windowMs: number;
  /** Of all that it could be, that what counts has to be; any, unless given. */
  readonly share?: number | undefined;
  /** What counts has to be so many times what everybody else does of the kind, within the window or a longer time. */
  readonly usual?: { readonly times: number; readonly overMs?: number } | undefined;
}

/** Tells when something was counted often enough within a window, and was enough beside all else. */
export class FloorGauge {
  readonly #terms: FloorTerms;
  readonly #hits: RecentTimes;
  readonly #all: RecentTimes;
  readonly #usual: RecentTimes;
  /** Of what everybody else did, one window's part. */
  readonly #usualPart: number;
  #crossedAt: number | undefined;

  constructor(terms: FloorTerms) {
    const { windowMs, usual } = terms;
    this.#terms = terms;
    this.#hits = new RecentTimes(windowMs);
    this.#all = new RecentTimes(windowMs);
    this.#usual = new RecentTimes(usual?.overMs ?? windowMs);
    this.#usualPart = windowMs / (usual?.overMs ?? windowMs);
  }

  /** When the floor was reached first, epoch ms. */
  get crossedAt(): number | undefined {
    return this.#crossedAt;
  }

  add(now: number, counts: boolean): void {
    if (this.#crossedAt !== undefined) return;
    const { floor, share = 0, usual } = this.#terms;
    if (share > 0) this.#all.add(now);
    if (!counts) return;
    this.#hits.add(now);
    const hits = this.#hits.count;
    if (hits < floor || hits < share * this.#all.count) return;
    if (usual !== undefined && hits < usual.times * this.#usual.countAt(now) * this.#usualPart) return;
    this.#crossedAt = now;
  }

  /** Somebody else did what `usual` is about. */
  addUsual(now: number): void {
    if (this.#crossedAt === undefined) this.#usual.add(now);
  }
}

// helpers

/** The times of the last so many milliseconds: what left the window stays before the index until half of it is gone. */
class RecentTimes {
  readonly #windowMs: number;
  #times: number[] = [];
  #first = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  get count(): number {
    return this.#times.length - this.#first;
  }

  add(now: number): void {
    this.#times.push(now);
    this.#forget(now);
  }

  countAt(now: number): number {
    this.#forget(now);
    return this.count;
  }

  #forget(now: number): void {
    while (this.#first < this.#times.length && this.#times[this.#first]! <= now - this.#windowMs) this.#first++;
    if (this.#first < 1024 || this.#first < this.#times.length / 2) return;
    this.#times = this.#times.slice(this.#first);
    this.#first = 0;
  }
}
