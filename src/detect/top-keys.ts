export interface SavedTop {
  readonly keys: readonly string[];
  readonly counts: readonly number[];
  readonly errors: readonly number[];
}

/** The most frequent key, and between how many times it was counted. */
export interface TopKey {
  readonly key: string;
  /** At least so many times. */
  readonly least: number;
}

/**
 * The most frequent keys in a handful of places ("space saving", Metwally et al., 2005): a key that
 * finds no place takes over the rarest one's, with its count as the error. Whatever makes up more
 * than one in so many of all is among them.
 */
export class TopKeys {
  readonly #places: number;
  #keys: string[] = [];
  #counts: number[] = [];
  #errors: number[] = [];

  constructor(places: number) {
    this.#places = places;
  }

  add(key: string): void {
    const at = this.#keys.indexOf(key);
    if (at >= 0) {
      this.#counts[at]!++;
      return;
    }
    if (this.#keys.length < this.#places) {
      this.#keys.push(key);
      this.#counts.push(1);
      this.#errors.push(0);
      return;
    }
    let rarest = 0;
    for (let i = 1; i < this.#counts.length; i++) if (this.#counts[i]! < this.#counts[rarest]!) rarest = i;
    this.#keys[rarest] = key;
    this.#errors[rarest] = this.#counts[rarest]!;
    this.#counts[rarest]!++;
  }

  /** The key that was surely counted most often; `undefined` when there was none. */
  top(): TopKey | undefined {
    let best: TopKey | undefined;
    for (let i = 0; i < this.#keys.length; i++) {
      const least = this.#counts[i]! - this.#errors[i]!;
      if (best === undefined || least > best.least) best = { key: this.#keys[i]!, least };
    }
    return best;
  }

  /** The most frequent keys, the surest first. */
  list(limit: number): TopKey[] {
    return this.#keys
      .map((key, i) => ({ key, least: this.#counts[i]! - this.#errors[i]! }))
      .sort((a, b) => b.least - a.least)
      .slice(0, limit);
  }

  clear(): void {
    this.#keys = [];
    this.#counts = [];
    this.#errors = [];
  }

  save(): SavedTop {
    return { keys: [...this.#keys], counts: [...this.#counts], errors: [...this.#errors] };
  }

  load(saved: SavedTop): void {
    this.#keys = [...saved.keys];
    this.#counts = [...saved.counts];
    this.#errors = [...saved.errors];
  }
}
