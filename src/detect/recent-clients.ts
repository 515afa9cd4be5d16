const minute = 60_000;

export interface SavedClients {
  readonly minuteOf: Float64Array;
  readonly maps: readonly Uint32Array[];
}

/**
 * How many different clients there were in the last minutes: a bitmap for each minute, read together
 * by linear counting (Whang et al., 1990). A fixed amount of memory, however many come.
 */
export class RecentClients {
  readonly #bits: number;
  readonly #minutes: number;
  readonly #maps: readonly Uint32Array[];
  readonly #minuteOf: Float64Array;

  /** `bits`: a power of two; counts up to some ten times as many within a few percent. `minutes`: whole ones before the current. */
  constructor(bits: number, minutes: number) {
    this.#bits = bits;
    this.#minutes = minutes;
    this.#maps = Array.from({ length: minutes + 1 }, () => new Uint32Array(bits / 32));
    this.#minuteOf = new Float64Array(minutes + 1);
  }

  /** A client was seen at `time` (epoch ms); `hash`: 32 bits of its key's hash. */
  add(time: number, hash: number): void {
    const now = Math.floor(time / minute);
    const at = now % this.#maps.length;
    if (this.#minuteOf[at] !== now) {
      if (this.#minuteOf[at]! > now) return;
      this.#minuteOf[at] = now;
      this.#maps[at]!.fill(0);
    }
    const bit = hash & (this.#bits - 1);
    this.#maps[at]![bit >>> 5]! |= 1 << (bit & 31);
  }

  save(): SavedClients {
    return { minuteOf: this.#minuteOf.slice(), maps: this.#maps.map((map) => map.slice()) };
  }

  load(saved: SavedClients): void {
    this.#minuteOf.set(saved.minuteOf);
    this.#maps.forEach((map, i) => map.set(saved.maps[i]!));
  }

  /** Distinct clients in the minutes up to `time`. */
  count(time: number): number {
    const oldest = Math.floor(time / minute) - this.#minutes;
    const live = this.#maps.filter((_, at) => this.#minuteOf[at]! >= oldest);
    let empty = 0;
    for (let w = 0; w < this.#bits / 32; w++) {
      let word = 0;
      for (const map of live) word |= map[w]!;
      for (word = ~word; word !== 0; word &= word - 1) empty++;
    }
    return Math.round(this.#bits * Math.log(this.#bits / Math.max(1, empty)));
  }
}
