import type { NormalizedBatch } from "../normalize/access-event.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import { writeMark } from "./alignment.ts";
import type { Commit, Committer, OutgoingRecord } from "./commit.ts";

/** What counts the events of one source partition until they are handed on. */
export interface Counting {
  /** In bytes, roughly. */
  readonly size: number;
  add(batch: RawBatch, read: NormalizedBatch): void;
  /** What was counted, for each part of the keys and for whoever acts; and forgets it. */
  take(): { readonly parts: readonly Uint8Array[]; readonly traffic: Uint8Array };
}

export interface IngestPartitionOptions {
  /** As in `RawBatch`: names it over all sources. */
  readonly name: string;
  readonly counting: Counting;
  readonly committer: Committer;
  /** Where in Kafka it is, and whose offsets are committed. */
  readonly from: { readonly group: string; readonly topic: string; readonly partition: number };
  readonly topics: { readonly tallies: string; readonly traffic: string; readonly context: string };
}

/** More than this is handed on at once: far below what a broker takes as one record, over all parts. */
const largeBytes = 512 * 1024;

/**
 * One source partition on its way to `detect`. What was counted and how far was read become visible
 * together; once that failed nothing more is taken, since what was counted is gone: whoever opens the
 * partition next reads it again.
 */
export class IngestPartition {
  readonly #options: IngestPartitionOptions;
  /** The offset that is read next; `undefined` while nothing waits to be handed on. */
  #next: string | undefined;
  /** The newest event time read, epoch ms; 0 before there is one. */
  #newest = 0;
  /** Records for others that go along with the next commit, the newest of each key. */
  readonly #along = new Map<string, OutgoingRecord>();
  #tail: Promise<void> = Promise.resolve();
  #failed: unknown;

  constructor(options: IngestPartitionOptions) {
    this.#options = options;
  }

  /** Takes the partition over from whoever had it: from now on nothing of theirs becomes visible. */
  open(): Promise<void> {
    return this.#options.committer.open();
  }

  /** The newest event time read, epoch ms; 0 before there is one. */
  get newest(): number {
    return this.#newest;
  }

  /** Counts a batch. Resolves when there is room for another. */
  async add(batch: RawBatch, read: NormalizedBatch): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    const { counting } = this.#options;
    counting.add(batch, read);
    for (const { time } of read.events) if (time > this.#newest) this.#newest = time;
    this.#next = batch.next as string; // Kafka's positions are texts
    if (counting.size >= largeBytes) await this.flush();
  }

  /** Has a record go along with the next commit, in place of one of the same key. */
  send(record: OutgoingRecord & { readonly key: string }): void {
    this.#along.set(record.key, record);
  }

  /** Hands on what was counted since the last time; rejects when that failed, now or before. */
  flush(): Promise<void> {
    const flushed = this.#tail.then(() => this.#flush());
    this.#tail = flushed.catch(() => {});
    return flushed;
  }

  /** Hands on what is left, if that is possible, and lets go. */
  async close(): Promise<void> {
    await this.flush().catch(() => {});
    await this.#options.committer.close();
  }

  async #flush(): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#next === undefined) return;
    const offset = this.#next;
    this.#next = undefined;
    try {
      await this.#options.committer.commit(this.#commitOf(offset));
    } catch (error) {
      this.#failed = error;
      throw error;
    }
  }

  #commitOf(offset: string): Commit {
    const { counting, from, topics, name } = this.#options;
    const { parts, traffic } = counting.take();
    const along = [...this.#along.values()];
    this.#along.clear();
    const tallies = parts.map((value, partition) => ({ topic: topics.tallies, partition, key: name, value }));
    return {
      messages: [
        ...tallies,
        { topic: topics.traffic, partition: 0, key: name, value: traffic },
        { topic: topics.context, partition: 0, ...writeMark(name, this.#newest) },
        ...along,
      ],
      offsets: [{ ...from, offset }],
    };
  }
}
