import type { RawBatch } from "../source/raw-batch.ts";

/** When the transport took each of a batch's events, epoch ms; `offsets`: of the events, ascending as those of the records. */
export function takenAtOf(batch: RawBatch, offsets: readonly number[]): (index: number) => number {
  const { timestamps, receivedAt } = batch;
  // Without transport times there is nothing to look up; and offsets ascend together.
  let at = 0;
  return (i) => {
    if (timestamps === undefined) return receivedAt;
    while (at < batch.offsets.length - 1 && batch.offsets[at]! < offsets[i]!) at++;
    return timestamps[at]! > 0 ? timestamps[at]! : receivedAt;
  };
}
