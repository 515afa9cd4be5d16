import type { RawBatch } from "../source/raw-batch.ts";
import type { LogReader } from "./read-logs.ts";

/** Takes a batch; `enough`: and wants no more. */
export type TakeBatch = (batch: RawBatch) => void | "enough";

/**
 * Gives every batch to a function, and knows when all logs have ended. Once the function answers
 * `enough`, it gets no more, and the logs count as ended.
 */
export class BatchReader implements LogReader {
  readonly #take: TakeBatch;
  #isEnough = false;
  readonly #open = new Set<string>();
  readonly #done = Promise.withResolvers<void>();

  constructor(take: TakeBatch) {
    this.#take = take;
    // Whoever reads is told of a failure as well, and may come first.
    this.#done.promise.catch(() => {});
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** All logs are assigned before the first batch comes. */
  assigned(partitions: readonly string[]): void {
    for (const partition of partitions) this.#open.add(partition);
  }

  async handle(batch: RawBatch): Promise<void> {
    try {
      if (this.#isEnough || this.#take(batch) !== "enough") return;
      this.#isEnough = true;
      this.#done.resolve();
    } catch (error) {
      this.#done.reject(error);
    }
  }

  ended(partition: string): void {
    this.#open.delete(partition);
    if (this.#open.size === 0) this.#done.resolve();
  }

  revoked(): Promise<void> {
    return Promise.resolve();
  }

  resumeAt(): undefined {}

  finished(): void {}

  trouble(): void {}
}
