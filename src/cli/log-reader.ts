import type { RawBatch, SourceIo } from "../source/raw-batch.ts";

/** Takes the lines of logs that are read to their ends, side by side, and knows when the last one has ended. */
export abstract class LogReader implements SourceIo {
  readonly #open = new Set<string>();
  readonly #done = Promise.withResolvers<void>();

  constructor() {
    // Whoever reads is told of a failure as well, and may come first.
    this.#done.promise.catch(() => {});
  }

  /** Resolves once every log has ended or no more is wanted, rejects when something behind this failed. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Logs that have not ended. */
  protected get open(): number {
    return this.#open.size;
  }

  abstract handle(batch: RawBatch): Promise<void>;

  /** All logs are to be assigned before the first batch comes. */
  assigned(partitions: readonly string[]): void {
    for (const partition of partitions) this.#open.add(partition);
  }

  ended(partition: string): void {
    this.#open.delete(partition);
    this.guarded(() => this.oneEnded());
    if (this.#open.size === 0) this.enough();
  }

  revoked(): Promise<void> {
    return Promise.resolve();
  }

  resumeAt(): undefined {}

  finished(): void {}

  trouble(): void {}

  /** A log has ended; others may go on. */
  protected oneEnded(): void {}

  /** No more is wanted. */
  protected enough(): void {
    this.#done.resolve();
  }

  /** Runs what must not fail; `done` rejects if it does. */
  protected guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#done.reject(error);
    }
  }
}
