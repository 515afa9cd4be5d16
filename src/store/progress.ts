/** How much was handed over and how much of it is done; lets someone wait for all of it so far. */
export class Progress {
  #added = 0;
  #done = 0;
  #waiting: { target: number; resolve: () => void }[] = [];

  get open(): number {
    return this.#added - this.#done;
  }

  add(count: number): void {
    this.#added += count;
  }

  /** Things are done in the order they were added. */
  done(count: number): void {
    this.#done += count;
    const reached = this.#waiting.filter((waiter) => waiter.target <= this.#done);
    this.#waiting = this.#waiting.filter((waiter) => waiter.target > this.#done);
    for (const waiter of reached) waiter.resolve();
  }

  /** Resolves when everything added before this call is done. */
  reached(): Promise<void> {
    if (this.open === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ target: this.#added, resolve }));
  }
}
