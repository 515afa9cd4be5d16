import type { Position, RawBatch, RefusedRecord, SourceIo } from "../../src/source/raw-batch.ts";

/** A pipeline that only remembers what a source gave it. */
export class RecordingIo implements SourceIo {
  readonly batches: RawBatch[] = [];
  readonly assignedPartitions: string[] = [];
  readonly revokedPartitions: string[] = [];
  readonly endedPartitions: string[] = [];
  readonly finishedSources: string[] = [];
  readonly troubles: (string | undefined)[] = [];
  /** The position after the newest batch of each partition. */
  readonly positions = new Map<string, Position>();
  readonly #resumeAt: ReadonlyMap<string, Position>;
  readonly #handle: (batch: RawBatch) => Promise<void> | void;

  constructor(
    options: {
      resumeAt?: ReadonlyMap<string, Position>;
      /** Called for each batch before it counts as handled. */
      handle?: (batch: RawBatch) => Promise<void> | void;
    } = {},
  ) {
    this.#resumeAt = options.resumeAt ?? new Map();
    this.#handle = options.handle ?? (() => undefined);
  }

  async handle(batch: RawBatch): Promise<void> {
    await this.#handle(batch);
    this.batches.push(batch);
    this.positions.set(batch.partition, batch.next);
  }

  assigned(partitions: readonly string[]): void {
    this.assignedPartitions.push(...partitions);
  }

  revoked(partitions: readonly string[]): Promise<void> {
    this.revokedPartitions.push(...partitions);
    return Promise.resolve();
  }

  resumeAt(partition: string): Position | undefined {
    return this.#resumeAt.get(partition);
  }

  finished(source: string): void {
    this.finishedSources.push(source);
  }

  ended(partition: string): void {
    this.endedPartitions.push(partition);
  }

  trouble(_source: string, reason: string | undefined): void {
    this.troubles.push(reason);
  }

  /** All records so far, in the order they came. */
  get records(): (string | Uint8Array)[] {
    return this.batches.flatMap((batch) => batch.records);
  }

  get refused(): RefusedRecord[] {
    return this.batches.flatMap((batch) => batch.refused);
  }

  recordsOf(partition: string): (string | Uint8Array)[] {
    return this.batches.filter((batch) => batch.partition === partition).flatMap((batch) => batch.records);
  }
}
