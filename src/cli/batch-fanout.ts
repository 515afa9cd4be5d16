import type { RawBatch } from "../source/raw-batch.ts";
import { LogReader } from "./log-reader.ts";

/** Gives each batch to several readers; the next one is wanted once all have handled it. */
export class BatchFanout extends LogReader {
  readonly #readers: readonly LogReader[];

  constructor(readers: readonly LogReader[]) {
    super();
    this.#readers = readers;
  }

  override get done(): Promise<void> {
    return Promise.all(this.#readers.map((reader) => reader.done)).then(() => {});
  }

  override assigned(partitions: readonly string[]): void {
    for (const reader of this.#readers) reader.assigned(partitions);
  }

  async handle(batch: RawBatch): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.handle(batch)));
  }

  override ended(partition: string): void {
    for (const reader of this.#readers) reader.ended(partition);
  }
}
