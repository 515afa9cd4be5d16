/** Runs steps one after the other for as long as they find something to do. A call of `wake` is never lost. */
export class WorkLoop {
  readonly #step: () => Promise<boolean>;
  #woken = false;
  #running: Promise<void> | undefined;

  /** `step` resolves to whether there may be more to do. It must not reject. */
  constructor(step: () => Promise<boolean>) {
    this.#step = step;
  }

  /** There may be something to do. */
  wake(): void {
    this.#woken = true;
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#woken) {
      this.#woken = false;
      while (await this.#step());
    }
    // In the same turn as the last look at `woken`: whoever wakes from now on starts a new run.
    this.#running = undefined;
  }
}
