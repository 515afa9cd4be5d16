/** What differs from the update before. */
export interface Changes<T> {
  readonly changed: readonly T[];
  readonly gone: readonly string[];
}

/** How to tell items apart, and whether one is still as it was. */
export interface ChangeFeedOptions<T> {
  readonly idOf: (item: T) => string;
  readonly stateOf: (item: T) => string | number;
}

/** Finds what changed in a list that is read again and again. As large as the list it was last given. */
export class ChangeFeed<T> {
  readonly #idOf: (item: T) => string;
  readonly #stateOf: (item: T) => string | number;
  #items = new Map<string, T>();

  constructor(options: ChangeFeedOptions<T>) {
    this.#idOf = options.idOf;
    this.#stateOf = options.stateOf;
  }

  /** Takes the whole list as it is now. */
  update(items: readonly T[]): Changes<T> {
    const before = this.#items;
    this.#items = new Map(items.map((item) => [this.#idOf(item), item]));
    return {
      changed: items.filter((item) => {
        const known = before.get(this.#idOf(item));
        return known === undefined || this.#stateOf(known) !== this.#stateOf(item);
      }),
      gone: [...before.keys()].filter((id) => !this.#items.has(id)),
    };
  }

  /** Everything, for somebody who has nothing yet. */
  all(): Changes<T> {
    return { changed: [...this.#items.values()], gone: [] };
  }

  clear(): void {
    this.#items.clear();
  }
}
