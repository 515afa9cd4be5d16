import type { RejectedRecord } from "../normalize/access-event.ts";
import type { Normalizer } from "../normalize/normalizer.ts";
import type { RawBatch, SourceIo } from "../source/raw-batch.ts";
import type { IngestPartition } from "./ingest-partition.ts";

export interface IngestOptions {
  readonly normalizer: Pick<Normalizer, "normalize">;
  /** Makes what counts a partition and hands it on; named as in `RawBatch`. */
  readonly partitionOf: (name: string) => IngestPartition;
  /** Begins a source's reading anew, from what was handed on last. */
  readonly restart: (partition: string, error: unknown) => void;
  /** Rows of single requests and refused records; idempotent, since they name the record they are of. */
  readonly keep: (batch: RawBatch, read: ReturnType<Normalizer["normalize"]>) => Promise<void>;
  readonly observe: (
    batch: RawBatch,
    read: { readonly events: number; readonly rejected: readonly RejectedRecord[] },
  ) => void;
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

  /** Takes partitions over: whoever had them before can commit no more, and only now their offsets are final. */
  async claim(names: readonly string[]): Promise<void> {
    const opened = await Promise.allSettled(names.map((name) => this.#open(name)));
    const failed = opened.find((result) => result.status === "rejected");
    if (failed === undefined) return;
    await this.revoked(names);
    throw failed.reason;
  }

  async handle(batch: RawBatch): Promise<void> {
    const partition = this.#partitions.get(batch.partition);
    // Given up in the meantime: whoever has it now reads it again.
    if (partition === undefined) return;
    const read = this.#options.normalizer.normalize(batch);
    await this.#options.keep(batch, read);
    await partition.add(batch, read);
    this.#options.observe(batch, { events: read.events.length, rejected: read.rejected });
  }

  assigned(): void {
    // `claim` has made what is needed.
  }

  async revoked(names: readonly string[]): Promise<void> {
    const given = names.flatMap((name) => this.#partitions.get(name) ?? []);
    for (const name of names) this.#partitions.delete(name);
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
    await Promise.all(
      [...this.#partitions].map(([name, partition]) =>
        partition.flush().catch((error: unknown) => {
          // A broken one is told once; reading anew makes another.
          if (!this.#partitions.delete(name)) return;
          this.#options.restart(name, error);
        }),
      ),
    );
  }

  async #open(name: string): Promise<void> {
    const partition = this.#options.partitionOf(name);
    this.#partitions.set(name, partition);
    await partition.open();
  }
}
