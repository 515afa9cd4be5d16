import type { Clock } from "../clock.ts";
import { aheadMs } from "../detect/tables.ts";
import { Watermark } from "../detect/watermark.ts";

const prefix = "mark:";

/** How far a source partition has been read, as a record of the topic `context`. */
export function writeMark(partition: string, newest: number): { key: string; value: string } {
  return { key: `${prefix}${partition}`, value: String(newest) };
}

/** The same, read back; `undefined` for a record that is something else. */
export function readMark(key: string, value: string): { partition: string; newest: number } | undefined {
  const newest = Number(value);
  if (!key.startsWith(prefix) || !Number.isSafeInteger(newest) || newest <= 0) return undefined;
  return { partition: key.slice(prefix.length), newest };
}

/**
 * Keeps source partitions that several instances read close to one another in event time: where one
 * reads a backlog faster than the others, `detect` would have to hold what it counted until they
 * have caught up. Whoever is too far ahead is paused; the same rule as within one process.
 */
export class Alignment {
  readonly #watermark: Watermark;
  /** By partition: how far whoever reads it has said that it was handed on, epoch ms. */
  readonly #told = new Map<string, number>();

  /** In milliseconds; `idleAfterMs`: a partition silent for so long holds nobody back. */
  constructor(options: { readonly clock: Clock; readonly latenessMs: number; readonly idleAfterMs: number }) {
    this.#watermark = new Watermark({ ...options, aheadMs });
  }

  /** There is such a partition; what was read of it, nobody has told yet. */
  expect(partition: string): void {
    this.#watermark.assign(partition);
  }

  /** Whoever reads a partition has handed it on up to this event time, epoch ms. */
  told(partition: string, newest: number): void {
    this.#told.set(partition, Math.max(newest, this.#told.get(partition) ?? 0));
    this.reached(partition, newest);
  }

  /**
   * This instance begins to read a partition where it was handed on last. What it had read beyond that before
   * it lost it counts no more: all would wait for one another, each for what the other believes to be ahead.
   */
  begin(partition: string): void {
    this.#watermark.release(partition);
    this.expect(partition);
    const newest = this.#told.get(partition);
    if (newest !== undefined) this.reached(partition, newest);
  }

  /** A partition has been read up to this event time, epoch ms. */
  reached(partition: string, newest: number): void {
    this.#watermark.readUpTo(this.#watermark.heard(partition), newest);
  }

  /** Partitions to pause and to resume since the last call. */
  pauses(): { readonly pause: readonly string[]; readonly resume: readonly string[] } {
    this.#watermark.advance();
    return this.#watermark.pauses();
  }
}
