/** Lets a reader through, or holds it while its partition is paused. */
export class Gate {
  #open: PromiseWithResolvers<void> | undefined;

  close(): void {
    this.#open ??= Promise.withResolvers<void>();
  }

  open(): void {
    this.#open?.resolve();
    this.#open = undefined;
  }

  /** Resolves at once while open, else when it is opened. */
  async passed(): Promise<void> {
    while (this.#open) await this.#open.promise;
  }
}
