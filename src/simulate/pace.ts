import { sleep, type Clock } from "../clock.ts";
import type { SimulatedRecord } from "./simulation.ts";

/** Paced lines go out so often, together. */
const sliceMs = 100;

/**
 * Hands records on at so many times the speed of event time: those of a tenth of a second together,
 * none before it is due. Ends early when `signal` aborts.
 */
export async function* paced(
  batches: Iterable<readonly SimulatedRecord[]>,
  options: { start: number; times: number; clock: Clock; signal: AbortSignal },
): AsyncIterable<readonly SimulatedRecord[]> {
  const { start, times, clock, signal } = options;
  const begun = clock.monotonic();
  /** When a record is due, of the monotonic clock. */
  const dueAt = (record: SimulatedRecord) => begun + (record.time - start) / times;
  for (const batch of batches) {
    let from = 0;
    while (from < batch.length && !signal.aborted) {
      const wait = dueAt(batch[from]!) - clock.monotonic();
      if (wait > 0) await sleep(clock, Math.max(wait, sliceMs), signal);
      const now = clock.monotonic();
      let to = from;
      while (to < batch.length && dueAt(batch[to]!) <= now) to++;
      if (to > from && !signal.aborted) yield from === 0 && to === batch.length ? batch : batch.slice(from, to);
      from = to;
    }
    if (signal.aborted) return;
  }
}
