/** Resolves when every source has ended for good: files read once, standard input closed. */
export class Ended {
  readonly all: Promise<void>;
  readonly #open: Set<string>;
  #resolve = () => {};

  constructor(sources: readonly string[]) {
    this.#open = new Set(sources);
    this.all = new Promise((resolve) => (this.#resolve = resolve));
  }

  add(source: string): void {
    this.#open.delete(source);
    if (this.#open.size === 0) this.#resolve();
  }
}
