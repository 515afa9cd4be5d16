import type { RawBatch, SourceIo } from "../source/raw-batch.ts";
import type { DetectPartition } from "./detect-partition.ts";

export interface DetectOptions<Minutes> {
  /** Makes one part of the keys; named as in `RawBatch`. */
  readonly partitionOf: (name: string) => DetectPartition<Minutes>;
  /** Begins reading anew, from what was saved last. */
  readonly restart: (error: unknown) => void;
  /** What was counted last could not be saved; whoever has the part next counts it again. */
  readonly onLost: (error: unknown) => void;
  readonly onTrouble: (reason: string | undefined) => void;
}

/** The role `detect`: the parts of the keys that this instance owns, each by itself. */
export class Detect<Minutes> implements SourceIo {
  readonly #options: DetectOptions<Minutes>;
  readonly #partitions = new Map<string, DetectPartition<Minutes>>();

  constructor(options: DetectOptions<Minutes>) {
    this.#options = options;
  }

  get partitions(): ReadonlyMap<string, DetectPartition<Minutes>> {
    return this.#partitions;
  }

  /** Why it is not ready; empty when all it owns is caught up. Owning nothing is ready: others do the work. */
  behind(): string[] {
    const behind = [...this.#partitions].filter(([, partition]) => !partition.isCaughtUp);
    return behind.map(([name]) => `${name} is being caught up with`);
  }

  /** Takes parts over, with all that was saved of them. */
  async claim(names: readonly string[]): Promise<void> {
    const opened = await Promise.allSettled(names.map((name) => this.#open(name)));
    const failed = opened.find((result) => result.status === "rejected");
    if (failed === undefined) return;
    await this.revoked(names);
    throw failed.reason;
  }

  async handle(batch: RawBatch): Promise<void> {
    const tallies = batch.records.map((record, i) => ({ offset: batch.offsets[i]!, bytes: record as Uint8Array }));
    await this.#partitions.get(batch.partition)?.handle({ tallies, next: batch.next as string });
  }

  assigned(): void {
    // `claim` has made what is needed.
  }

  /** Saved, so that whoever has them next begins here. */
  async revoked(names: readonly string[]): Promise<void> {
    const given = names.flatMap((name) => this.#partitions.get(name) ?? []);
    for (const name of names) this.#partitions.delete(name);
    await Promise.all(
      given.map(async (partition) => {
        await partition.save().catch(this.#options.onLost);
        await partition.close();
      }),
    );
  }

  resumeAt(name: string): string | undefined {
    return this.#partitions.get(name)?.offset;
  }

  ended(): void {
    // A topic does not end.
  }

  finished(): void {
    // A topic does not end.
  }

  trouble(_source: string, reason: string | undefined): void {
    this.#options.onTrouble(reason);
  }

  /** To be called every second. */
  tick(): Promise<void> {
    return this.#each((partition) => partition.tick());
  }

  /** To be called every `detect.saveEvery`. */
  save(): Promise<void> {
    return this.#each((partition) => partition.save());
  }

  /** A part that failed has to be opened anew, and with it the reading. */
  async #each(run: (partition: DetectPartition<Minutes>) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled([...this.#partitions.values()].map(run));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) this.#options.restart(failed.reason);
  }

  async #open(name: string): Promise<void> {
    const partition = this.#options.partitionOf(name);
    this.#partitions.set(name, partition);
    await partition.open();
  }
}
