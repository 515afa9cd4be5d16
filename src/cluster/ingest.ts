import type { RejectedRecord } from "../normalize/access-event.ts";
import type { Normalizer } from "../normalize/normalizer.ts";
import type { RawBatch, SourceIo } from "../source/raw-batch.ts";
import type { Alignment } from "./alignment.ts";
import type { IngestPartition } from "./ingest-partition.ts";
import type { LoadFollower } from "./load-follower.ts";

export interface IngestOptions {
  readonly normalizer: Pick<Normalizer, "normalize">;
  /** Makes what counts a partition and hands it on; named as in `RawBatch`. */
  readonly partitionOf: (name: string) => IngestPartition;
  readonly alignment: Alignment;
  /** Begins the reading of a partition's source anew, from what was handed on last. */
  readonly restart: (partition: string, error: unknown) => void;
  /** Stops, or goes on, reading partitions that are far ahead of others; they may be another instance's. */
  readonly pause: (partitions: readonly string[]) => void;
  readonly resume: (partitions: readonly string[]) => void;
  /** Rows of single requests and refused records; told again they are the same rows. */
  readonly keep: (batch: RawBatch, read: ReturnType<Normalizer["normalize"]>) => Promise<void>;
  readonly observe: (batch: RawBatch, read: { events: number; rejected: readonly RejectedRecord[] }) => void;
  readonly load: LoadFollower;
  readonly onTrouble: (source: string, reason: string | undefined) => void;
}

/**
 * The role `ingest`: reads source partitions, normalizes, counts, and hands on what was counted. It
 * holds nothing that is not read again when it is lost: a partition begins where its last commit ended.
 */
export class Ingest implements SourceIo {
  readonly #options: IngestOptions;
  readonly #partitions = new Map<string, IngestPartition>();

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  get partitions(): ReadonlyMap<string, IngestPartition> {
    return this.#partitions;
  }

  /** Takes partitions over: whoever had them before can commit no more, and only now their offsets are final. */
  async claim(names: readonly string[]): Promise<void> {
    const opened = await Promise.allSettled(names.map((name) => this.#open(name)));
    const failed = opened.find((result) => result.status === "rejected");
    if (failed === undefined) return;
    await this.revoked(names);
    throw failed.reason;
  }

  async handle(batch: RawBatch): Promise<void> {
    const { normalizer, keep, alignment, observe, load } = this.#options;
    const partition = this.#partitions.get(batch.partition);
    // Given up in the meantime: whoever has it now reads it again.
    if (partition === undefined) return;
    load.arrived(batch);
    try {
      load.enter("normalize");
      const read = normalizer.normalize(batch);
      load.enter("store");
      await keep(batch, read);
      load.enter("detect");
      await partition.add(batch, read);
      if (partition.newest > 0) alignment.reached(batch.partition, partition.newest);
      observe(batch, { events: read.events.length, rejected: read.rejected });
      load.handled(batch, { events: read.events.length, newest: partition.newest || undefined });
    } finally {
      load.enter(undefined);
      load.left(batch);
    }
  }

  assigned(): void {
    // `claim` has made what is needed.
  }

  async revoked(names: readonly string[]): Promise<void> {
    const given = names.flatMap((name) => this.#partitions.get(name) ?? []);
    for (const name of names) {
      this.#partitions.delete(name);
      this.#options.load.released(name);
    }
    await Promise.all(given.map((partition) => partition.close()));
  }

  /** What was committed with the tallies is where it goes on; nothing is known beside. */
  resumeAt(): undefined {
    return undefined;
  }

  ended(): void {
    // A topic does not end.
  }

  finished(): void {
    // A topic does not end.
  }

  trouble(source: string, reason: string | undefined): void {
    this.#options.onTrouble(source, reason);
  }

  /** Hands on what was counted. To be called every `cluster.flushEvery`. */
  async flush(): Promise<void> {
    const { alignment, pause, resume, restart } = this.#options;
    const pauses = alignment.pauses();
    pause(pauses.pause);
    resume(pauses.resume);
    await Promise.all(
      [...this.#partitions].map(([name, partition]) =>
        partition.flush().catch((error: unknown) => {
          // Told once: reading anew makes another one of this name.
          if (this.#partitions.get(name) === partition) restart(name, error);
        }),
      ),
    );
  }

  async #open(name: string): Promise<void> {
    const partition = this.#options.partitionOf(name);
    this.#partitions.set(name, partition);
    await partition.open();
    this.#options.alignment.begin(name);
    // Whatever it was paused for: if it still is ahead, that is told again.
    this.#options.resume([name]);
  }
}
