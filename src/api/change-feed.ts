/** What differs from the update before. */
export interface Changes<T> {
  readonly changed: readonly T[];
  readonly gone: readonly string[];
}

interface Versioned {
  readonly version: number;
}

/** Finds what changed in a list that is read again and again. As large as the list it was last given. */
export class ChangeFeed<T extends Versioned> {
  readonly #idOf: (item: T) => string;
  #items = new Map<string, T>();

  constructor(idOf: (item: T) => string) {
    this.#idOf = idOf;
  }

  /** Takes the whole list as it is now. */
  update(items: readonly T[]): Changes<T> {
    const before = this.#items;
    this.#items = new Map(items.map((item) => [this.#idOf(item), item]));
    return {
      changed: items.filter((item) => before.get(this.#idOf(item))?.version !== item.version),
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
