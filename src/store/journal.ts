import { sleep, type Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { encodeRecord, type JournalEntry } from "./journal-record.ts";
import { Progress } from "./progress.ts";
import { SegmentLog } from "./segment-log.ts";
import type { SavedTable } from "./store.ts";
import { WorkLoop } from "./work-loop.ts";

export interface JournalOptions {
  readonly directory: string;
  /** How many bytes of rows may wait for ClickHouse, on disk and in memory alike. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** An entry that is on the disk, and not yet in ClickHouse. */
interface Queued {
  readonly entry: JournalEntry;
  readonly bytes: number;
  readonly segment: number;
}

/** A caller of `append` that waits for its rows to be durable. */
interface Waiting {
  readonly entries: readonly JournalEntry[];
  readonly records: readonly Buffer[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Groups of one sync are kept below this, so that nobody waits for megabytes of others. */
const maxGroupBytes = 4 * 1024 ** 2;

/**
 * Rows that are durable and not yet in ClickHouse, in order. `append` resolves after one
 * fdatasync, which all callers that wait at the moment share.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #segments: SegmentLog;
  readonly #progress = new Progress();
  readonly #failures;
  #waiting: Waiting[] = [];
  #queue: Queued[] = [];
  #bytes = 0;
  readonly #commits = new WorkLoop(() => this.#commitGroup());
  #onAppended: () => void = () => {};
  readonly #stop = new AbortController();
  #lastError: string | undefined;

  private constructor(options: JournalOptions, segments: SegmentLog) {
    this.#options = options;
    this.#segments = segments;
    this.#failures = options.metrics.counter(
      "gatewatch_store_journal_failures_total",
      "Attempts to write or delete journal files that the disk refused",
    );
  }

  /** Opens the directory and takes up what an earlier process left in it. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { segments, recovered } = await SegmentLog.open({
      directory: options.directory,
      segmentBytes: Math.min(4 * 1024 ** 2, Math.ceil(options.maxBytes / 4)),
      log: options.log,
    });
    const journal = new Journal(options, segments);
    for (const { entry, segment } of recovered) journal.#enqueue(entry, Buffer.byteLength(entry.line), segment);
    if (recovered.length > 0) options.log.info({ rows: recovered.length }, "journal holds rows of an earlier run");
    return journal;
  }

  /** Rows that ClickHouse doesn't have yet. */
  get rows(): number {
    return this.#progress.open;
  }

  /** Their size, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why the disk refuses rows now; whoever appends waits meanwhile. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** `fn` is called whenever there is something to `peek` at. */
  onAppended(fn: () => void): void {
    this.#onAppended = fn;
  }

  /** Resolves when the rows are on the disk; waits while the journal is full. Rejects only once it is closed. */
  append(entries: readonly JournalEntry[]): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.reject(closed());
    if (entries.length === 0) return Promise.resolve();
    const records = entries.map(encodeRecord);
    const bytes = records.reduce((sum, record) => sum + record.length, 0);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, records, bytes, resolve, reject });
      this.#commits.wake();
    });
  }

  /** The oldest rows, at most so many and about so many bytes; they stay until `written`. */
  peek(limits: { rows: number; bytes: number }): readonly JournalEntry[] {
    const batch: JournalEntry[] = [];
    let bytes = 0;
    for (const queued of this.#queue) {
      if (batch.length >= limits.rows || (bytes > 0 && bytes + queued.bytes > limits.bytes)) break;
      batch.push(queued.entry);
      bytes += queued.bytes;
    }
    return batch;
  }

  /** The oldest `count` rows are in ClickHouse: forget them, and delete segments that hold nothing else. */
  async written(count: number): Promise<void> {
    const done = this.#queue.splice(0, count);
    for (const queued of done) this.#bytes -= queued.bytes;
    this.#progress.done(done.length);
    this.#commits.wake();
    await this.#removeWritten();
  }

  /** Of each id the newest version that waits for ClickHouse. */
  unwritten(table: SavedTable): readonly JournalEntry[] {
    const newest = new Map<string, JournalEntry>();
    for (const { entry } of this.#queue) {
      if (entry.table !== table) continue;
      const known = newest.get(entry.id);
      if (!known || entry.version >= known.version) newest.set(entry.id, entry);
    }
    return [...newest.values()];
  }

  /** Resolves when all rows appended before this call are in ClickHouse. */
  drained(): Promise<void> {
    return this.#progress.reached();
  }

  /** Takes no more rows; what is in it stays on the disk for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#commits.idle();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(closed());
    await this.#segments.close();
    await this.#removeWritten();
  }

  /** One write and one sync for all who wait and fit. */
  async #commitGroup(): Promise<boolean> {
    const group = this.#admit();
    if (group.length === 0) return false;
    const segment = await this.#appendDurably(Buffer.concat(group.flatMap((waiting) => waiting.records)));
    for (const waiting of group) {
      if (segment === undefined) {
        waiting.reject(closed());
        continue;
      }
      waiting.entries.forEach((entry, i) => this.#enqueue(entry, waiting.records[i]?.length ?? 0, segment));
      waiting.resolve();
    }
    if (segment !== undefined) this.#onAppended();
    return segment !== undefined;
  }

  /** Those first in line that fit; one that is larger than the whole journal goes in when it is empty. */
  #admit(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      const full = this.#bytes + bytes + waiting.bytes > this.#options.maxBytes;
      if (full && this.#bytes + bytes > 0) break;
      if (count > 0 && bytes + waiting.bytes > maxGroupBytes) break;
      bytes += waiting.bytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** A full or failing disk is waited out: callers are held back meanwhile. `undefined`: closed before it worked. */
  async #appendDurably(bytes: Buffer): Promise<number | undefined> {
    for (;;) {
      try {
        const segment = await this.#segments.append(bytes);
        this.#lastError = undefined;
        return segment;
      } catch (error) {
        this.#lastError = String(error);
        this.#failures.inc();
        this.#options.log.error({ error: this.#lastError }, "the journal can't be written; trying again in 1s");
        await sleep(this.#options.clock, 1000, this.#stop.signal);
        if (this.#stop.signal.aborted) return undefined;
      }
    }
  }

  /** A segment that can't be deleted takes room on the disk, and its rows are written again: no reason to stop. */
  async #removeWritten(): Promise<void> {
    try {
      await this.#segments.removeBefore(this.#queue[0]?.segment);
    } catch (error) {
      this.#failures.inc();
      this.#options.log.warn({ error: String(error) }, "a journal segment can't be deleted");
    }
  }

  #enqueue(entry: JournalEntry, bytes: number, segment: number): void {
    this.#queue.push({ entry, bytes, segment });
    this.#bytes += bytes;
    this.#progress.add(1);
  }
}

// helpers

function closed(): Error {
  return new Error("the journal is closed");
}
