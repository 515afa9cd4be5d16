import type { Clock } from "./clock.ts";
import type { AccessEvent } from "./normalize/access-event.ts";
import type { RawBatch } from "./source/raw-batch.ts";

/** How far one partition is behind. */
export interface PartitionStatus {
  readonly source: string;
  /** Its name without the source's: `access-logs/3`. */
  readonly partition: string;
  /** How far the newest handled event's time is behind now while records wait; 0 once none do. Milliseconds. */
  readonly lagMs: number;
  /** Records that wait; absent where the source can't tell. */
  readonly records: number | undefined;
}

interface Partition {
  readonly source: string;
  /** Event time of the newest event of the batch handled last, epoch ms. */
  newest: number | undefined;
  /** Batches handed over and not handled yet. */
  readonly waiting: Set<RawBatch>;
  /** By the monotonic clock: when the last batch was handled. */
  handledAt: number;
  /** Nothing that waits can be older: so a request after an hour's silence is no hour behind. Epoch ms. */
  oldest: number;
}

/** A source that can't say what waits has nothing more once nothing came for so long. */
const drainedAfterMs = 1_000;
/** A configuration may name many files; further partitions are not followed. */
const maxPartitions = 10_000;

/** Follows how far each partition is behind, in event time: an empty topic is no lag, however old its last record. */
export class PartitionLag {
  readonly #clock: Clock;
  readonly #behind: (source: string, partition: string) => number | undefined;
  readonly #partitions = new Map<string, Partition>();

  /** `behind`: records that wait at the source itself, beyond what it has handed over. */
  constructor(options: { clock: Clock; behind: (source: string, partition: string) => number | undefined }) {
    this.#clock = options.clock;
    this.#behind = options.behind;
  }

  /** A source hands a batch over. */
  arrived(batch: RawBatch): void {
    const known = this.#partitions.get(batch.partition) ?? this.#add(batch);
    if (!known) return;
    const goesOn = this.#clock.monotonic() - known.handledAt < drainedAfterMs;
    if (known.waiting.size === 0) {
      known.oldest = batch.timestamps?.[0] ?? (goesOn || known.newest === undefined ? -Infinity : batch.receivedAt);
    }
    known.waiting.add(batch);
  }

  /** It was handled; `newest` is the time of its newest event, epoch ms, if it had any. */
  handled(batch: RawBatch, newest: number | undefined): void {
    const known = this.#partitions.get(batch.partition);
    if (!known) return;
    known.newest = newest ?? batch.timestamps?.at(-1) ?? known.newest;
    known.handledAt = this.#clock.monotonic();
    known.oldest = -Infinity;
  }

  /** It waits no more, handled or not. */
  left(batch: RawBatch): void {
    this.#partitions.get(batch.partition)?.waiting.delete(batch);
  }

  /** The partition is no longer ours, or has ended. */
  released(partition: string): void {
    this.#partitions.delete(partition);
  }

  all(): PartitionStatus[] {
    return [...this.#partitions].map(([name, partition]) => this.#statusOf(name, partition));
  }

  #statusOf(name: string, { source, newest, waiting, handledAt, oldest }: Partition): PartitionStatus {
    const handedOver = [...waiting].reduce((sum, { records }) => sum + records.length, 0);
    const behind = this.#behind(source, name);
    const records = behind === undefined ? undefined : behind + handedOver;
    const isNew = this.#clock.monotonic() - handledAt < drainedAfterMs;
    const waits = waiting.size > 0 || (behind === undefined ? isNew : behind > 0);
    const since = Math.max(newest ?? -Infinity, oldest);
    const lagMs = waits && Number.isFinite(since) ? Math.max(0, this.#clock.now() - since) : 0;
    return { source, partition: name.startsWith(`${source}:`) ? name.slice(source.length + 1) : name, lagMs, records };
  }

  #add({ source, partition }: RawBatch): Partition | undefined {
    if (this.#partitions.size >= maxPartitions) return undefined;
    const made = { source, newest: undefined, waiting: new Set<RawBatch>(), handledAt: -Infinity, oldest: -Infinity };
    this.#partitions.set(partition, made);
    return made;
  }
}

/** The latest event time, epoch ms; `undefined` of none. */
export function newestOf(events: readonly Pick<AccessEvent, "time">[]): number | undefined {
  let newest: number | undefined;
  for (const { time } of events) if (newest === undefined || time > newest) newest = time;
  return newest;
}
