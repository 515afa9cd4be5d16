import type { Clock } from "../clock.ts";

/** One partition, as far as it has been read. */
export interface Partition {
  /** The newest event time read, less what could still be late. */
  mark: number | undefined;
  /** When something last arrived, by the process's own clock. */
  heardAt: number;
  paused: boolean;
  ended: boolean;
}

/**
 * Up to which event time everything has been read: the minimum over the partitions, less the
 * lateness. A partition that is silent for `idleAfter` leaves it; one far ahead of it is to be
 * paused, so that what is not sealed yet stays bounded. It never goes back.
 */
export class Watermark {
  readonly #clock: Clock;
  readonly #lateness: number;
  readonly #idleAfter: number;
  readonly #ahead: number;
  readonly #partitions = new Map<string, Partition>();
  #value = 0;
  #newest = 0;
  /** The first mark of all, for as long as there is no value to be ahead of. */
  #first = Infinity;

  /** All in milliseconds. `aheadMs`: how far one partition may be ahead of the watermark before it is paused. */
  constructor(options: { clock: Clock; latenessMs: number; idleAfterMs: number; aheadMs: number }) {
    this.#clock = options.clock;
    this.#lateness = options.latenessMs;
    this.#idleAfter = options.idleAfterMs;
    this.#ahead = options.aheadMs;
  }

  /** Epoch ms; 0 before anything was read. */
  get value(): number {
    return this.#value;
  }

  /** As `value`; before there is one, the first mark of all. */
  get reached(): number {
    return this.#value > 0 ? this.#value : this.#first;
  }

  /** The newest event time read, epoch ms. */
  get newest(): number {
    return this.#newest;
  }

  assign(partition: string): void {
    if (this.#partitions.has(partition)) return;
    this.#partitions.set(partition, { mark: undefined, heardAt: this.#clock.monotonic(), paused: false, ended: false });
  }

  release(partition: string): void {
    this.#partitions.delete(partition);
  }

  /** The partition has ended for good and waits for nothing any more. */
  end(partition: string): void {
    const known = this.#partitions.get(partition);
    if (known) known.ended = true;
  }

  /** Something arrived of a partition; `readUpTo` takes its times. */
  heard(partition: string): Partition {
    this.assign(partition);
    const known = this.#partitions.get(partition)!;
    known.heardAt = this.#clock.monotonic();
    known.ended = false;
    return known;
  }

  /** The partition has read up to `time`, epoch ms. */
  readUpTo(known: Partition, time: number): void {
    const mark = time - this.#lateness;
    if (known.mark === undefined || mark > known.mark) known.mark = mark;
    if (mark < this.#first) this.#first = mark;
    if (time > this.#newest) this.#newest = time;
  }

  /**
   * Moves on to the minimum over the partitions that are heard from. When none is, nothing can come
   * late any more, and everything read is complete. Without any partition (between two hands, while a
   * group of consumers sorts itself out) it stays where it is.
   */
  advance(): number {
    if (this.#partitions.size === 0) return this.#value;
    let min = Infinity;
    let waiting = false;
    for (const partition of this.#partitions.values()) {
      const idle = this.#clock.monotonic() - partition.heardAt >= this.#idleAfter && !partition.paused;
      if (partition.ended || idle) continue;
      if (partition.mark === undefined) waiting = true;
      else min = Math.min(min, partition.mark);
    }
    if (waiting) return this.#value;
    if (min === Infinity) min = this.#newest === 0 ? 0 : this.#newest + 1;
    if (min > this.#value) this.#value = min;
    return this.#value;
  }

  /** Everything is complete up to `time`; for the end of a backlog. */
  finish(time: number): number {
    this.#value = Math.max(this.#value, time);
    return this.#value;
  }

  /** Partitions to pause and to resume since the last call. */
  pauses(): { pause: string[]; resume: string[] } {
    const pause: string[] = [];
    const resume: string[] = [];
    const { reached } = this;
    for (const [name, partition] of this.#partitions) {
      const ahead = partition.mark === undefined ? 0 : partition.mark - reached;
      if (!partition.paused && ahead > this.#ahead) {
        partition.paused = true;
        pause.push(name);
      } else if (partition.paused && ahead < this.#ahead / 2) {
        partition.paused = false;
        partition.heardAt = this.#clock.monotonic();
        resume.push(name);
      }
    }
    return { pause, resume };
  }

  save(): SavedWatermark {
    const marks = [...this.#partitions].map(([name, partition]) => [name, partition.mark] as const);
    return { value: this.#value, newest: this.#newest, marks, first: this.#first };
  }

  load(saved: SavedWatermark): void {
    this.#value = saved.value;
    this.#newest = saved.newest;
    this.#first = saved.first ?? Infinity;
    for (const [name, mark] of saved.marks) {
      this.assign(name);
      this.#partitions.get(name)!.mark = mark;
    }
  }
}

export interface SavedWatermark {
  readonly value: number;
  readonly newest: number;
  /** The first mark of all. Missing in what a version without it saved. */
  readonly first?: number;
  readonly marks: readonly (readonly [string, number | undefined])[];
}
