const minute = 60_000;

export interface SavedRing {
  readonly minutes: readonly number[];
  readonly counts: readonly number[];
}

/** A count for each of the last so many minutes. */
export class MinuteRing {
  readonly #minutes: Float64Array;
  readonly #counts: Float64Array;

  constructor(size: number) {
    this.#minutes = new Float64Array(size);
    this.#counts = new Float64Array(size);
  }

  add(time: number, n: number): void {
    const now = Math.floor(time / minute);
    const at = now % this.#minutes.length;
    if (this.#minutes[at] !== now) {
      if (this.#minutes[at]! > now) return;
      this.#minutes[at] = now;
      this.#counts[at] = 0;
    }
    this.#counts[at]! += n;
  }

  /** The sum over the minutes `from` to `to`, both counted in. */
  sum(from: number, to: number): number {
    let total = 0;
    for (let i = 0; i < this.#minutes.length; i++) {
      if (this.#minutes[i]! >= from && this.#minutes[i]! <= to) total += this.#counts[i]!;
    }
    return total;
  }

  save(): SavedRing {
    return { minutes: [...this.#minutes], counts: [...this.#counts] };
  }

  load(saved: SavedRing): void {
    this.#minutes.set(saved.minutes);
    this.#counts.set(saved.counts);
  }
}
