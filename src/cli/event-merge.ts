import type { AccessEvent } from "../normalize/access-event.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import { LogReader } from "./log-reader.ts";

export interface EventMergeOptions {
  /** Makes events of a batch. */
  readonly read: (batch: RawBatch) => readonly AccessEvent[];
  /** Takes each event, over all logs in order of the time it was written at. */
  readonly take: (event: AccessEvent, writtenAt: number) => void;
}

/** What was read of one log and waits until it is the oldest. */
interface Pending {
  readonly events: readonly AccessEvent[];
  readonly writtenAt: readonly number[];
  at: number;
  readonly handled: () => void;
}

/**
 * Puts the lines of several logs into one order of time, whether they were written side by side (two
 * gateways) or one after the other (rotated files). Each log is read one batch ahead and waits until
 * its lines are due, so that what is held stays small.
 */
export class EventMerge extends LogReader {
  readonly #options: EventMergeOptions;
  readonly #pending = new Map<string, Pending>();
  /** By log: the batch that was handed over last; logs are read one ahead. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(options: EventMergeOptions) {
    super();
    this.#options = options;
  }

  handle(batch: RawBatch): Promise<void> {
    const before = this.#last.get(batch.partition);
    const handled = before === undefined ? this.#handle(batch) : before.then(() => this.#handle(batch));
    this.#last.set(batch.partition, handled);
    return handled;
  }

  #handle(batch: RawBatch): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.guarded(() => {
      const events = this.#options.read(batch);
      if (events.length === 0) return resolve();
      this.#pending.set(batch.partition, { events, writtenAt: writtenAt(events), at: 0, handled: resolve });
      this.#drain();
    });
    return promise;
  }

  protected override oneEnded(): void {
    this.#drain();
  }

  /** Hands on the oldest events, for as long as every open log has some. */
  #drain(): void {
    while (this.#pending.size > 0 && this.#pending.size === this.open) {
      const [first, second] = this.#oldest();
      const { events, writtenAt } = first.pending;
      while (first.pending.at < events.length && writtenAt[first.pending.at]! <= second) {
        const i = first.pending.at++;
        this.#options.take(events[i]!, writtenAt[i]!);
      }
      if (first.pending.at < events.length) continue;
      this.#pending.delete(first.partition);
      first.pending.handled();
    }
  }

  /** The log whose next event is the oldest, and the time of the next log's. */
  #oldest(): [first: { partition: string; pending: Pending }, second: number] {
    let first: { partition: string; pending: Pending; time: number } | undefined;
    let second = Infinity;
    for (const [partition, pending] of this.#pending) {
      const time = pending.writtenAt[pending.at]!;
      if (first === undefined || time < first.time) {
        second = first?.time ?? Infinity;
        first = { partition, pending, time };
      } else second = Math.min(second, time);
    }
    return [first!, second];
  }
}

/**
 * When each line was written, as near as the log tells: lines are written in order, so one whose time
 * lies far ahead of the two after it has a wrong time, and must not move the clock. Epoch ms.
 */
export function writtenAt(events: readonly AccessEvent[]): number[] {
  const last = events.length - 1;
  return events.map(({ time }, i) => {
    const from = Math.max(0, Math.min(i, last - 2));
    const at = (index: number) => events[index]?.time ?? time;
    return Math.min(time, median(at(from), at(from + 1), at(from + 2)));
  });
}

// helpers

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
