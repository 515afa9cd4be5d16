import type { Clock } from "../clock.ts";
import type { Gate } from "./gate.ts";
import { type Lines, LineSplitter } from "./line-splitter.ts";
import type { Position, RefusedRecord, SourceIo } from "./raw-batch.ts";

/** One raw batch holds at most so many records, however short the lines of a chunk are. */
const maxRecords = 2_000;
/** Batches that wait while one is handled: with one alone, whoever handles them waits where it was long in the making. */
const ahead = 2;

export interface LineFeedOptions {
  readonly source: string;
  readonly partition: string;
  readonly maxRecordBytes: number;
  readonly io: SourceIo;
  readonly clock: Clock;
  readonly gate: Gate;
  /** What a line stands for; without it, for itself. */
  readonly recordOf?: (line: string) => string | Uint8Array;
}

/**
 * Hands the lines of one partition's bytes to the pipeline, two batches ahead of the one that is being handled:
 * they may be read meanwhile in a thread of its own.
 */
export class LineFeed {
  readonly #options: LineFeedOptions;
  readonly #splitter: LineSplitter;
  readonly #position: (offset: number) => Position;
  /** The batches that were handed over last, the oldest first. */
  readonly #handed: Promise<void>[] = [];

  /** `start` is the offset of the first byte; `position` makes an offset what the source resumes by. */
  constructor(options: LineFeedOptions & { start: number; position: (offset: number) => Position }) {
    this.#options = options;
    this.#position = options.position;
    this.#splitter = new LineSplitter({ maxRecordBytes: options.maxRecordBytes, offset: options.start });
  }

  /** The offset of the first line that is not yet handed over. */
  get next(): number {
    return this.#splitter.next;
  }

  /** Bytes of a last line whose end has not come. */
  get unfinished(): number {
    return this.#splitter.unfinished;
  }

  async push(chunk: Buffer): Promise<void> {
    await this.#hand(this.#splitter.push(chunk));
  }

  /** Hands over the unfinished last line as it is; resolves when all is handled. */
  async flush(): Promise<void> {
    await this.#hand(this.#splitter.flush());
    await this.settled();
  }

  /** Resolves when all that was handed over is handled. */
  async settled(): Promise<void> {
    await Promise.all(this.#handed);
  }

  /** Tells the pipeline where reading begins, so that it is saved before the first line comes. */
  async mark(): Promise<void> {
    await this.#handle({ records: [], offsets: [], refused: [], next: this.next });
    await this.settled();
  }

  /** Says that the bytes from here on can't be read (a broken gzip stream). */
  async refuseRest(): Promise<void> {
    const refused: RefusedRecord = { offset: this.next, reason: "undecodable", head: "" };
    await this.#hand({ records: [], offsets: [], refused: [refused] });
    await this.settled();
  }

  async #hand({ records, offsets, refused }: Lines): Promise<void> {
    let refusedFrom = 0;
    for (let from = 0; from < records.length || refusedFrom < refused.length; from += maxRecords) {
      const to = Math.min(from + maxRecords, records.length);
      const next = offsets[to] ?? this.next;
      let refusedTo = refusedFrom;
      while (refusedTo < refused.length && (to === records.length || (refused[refusedTo]?.offset ?? 0) < next)) {
        refusedTo++;
      }
      await this.#handle({
        records: records.slice(from, to),
        offsets: offsets.slice(from, to),
        refused: refused.slice(refusedFrom, refusedTo),
        next,
      });
      refusedFrom = refusedTo;
    }
  }

  async #handle({ next, records, ...lines }: Lines & { next: number }): Promise<void> {
    const { source, partition, io, clock, gate, recordOf } = this.#options;
    await gate.passed();
    const handled = io.handle({
      ...{ source, partition, records: recordOf ? records.map(recordOf) : records },
      ...{ ...lines, next: this.#position(next), receivedAt: clock.now() },
    });
    // That it failed is told to whoever waits for it.
    handled.catch(() => {});
    this.#handed.push(handled);
    if (this.#handed.length > ahead) await this.#handed.shift();
  }
}
