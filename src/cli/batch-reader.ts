import type { RawBatch } from "../source/raw-batch.ts";
import { LogReader } from "./log-reader.ts";

/** Takes a batch; `enough`: and wants no more. */
export type TakeBatch = (batch: RawBatch) => void | "enough";

/**
 * Gives every batch to a function, and knows when all logs have ended. Once the function answers
 * `enough`, it gets no more, and the logs count as ended.
 */
export class BatchReader extends LogReader {
  readonly #take: TakeBatch;
  #isEnough = false;

  constructor(take: TakeBatch) {
    super();
    this.#take = take;
  }

  async handle(batch: RawBatch): Promise<void> {
    this.guarded(() => {
      if (this.#isEnough || this.#take(batch) !== "enough") return;
      this.#isEnough = true;
      this.enough();
    });
  }
}
