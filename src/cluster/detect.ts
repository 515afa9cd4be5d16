import type { RawBatch, SourceIo } from "../source/raw-batch.ts";
import type { DetectPartition } from "./detect-partition.ts";
import { type LoadFollower, noFollower } from "./load-follower.ts";
import type { OutgoingRecord } from "./commit.ts";

export interface DetectOptions<Minutes> {
  /** Makes one part of the keys; named as in `RawBatch`. */
  readonly partitionOf: (name: string) => DetectPartition<Minutes>;
  /** Begins reading anew, from what was saved last. */
  readonly restart: (error: unknown) => void;
  /** A part of this name is here no more. */
  readonly onClosed?: (name: string) => void;
  /** What was counted last could not be saved; whoever has the part next counts it again. */
  readonly onLost: (error: unknown) => void;
  readonly load?: LoadFollower;
  /** The time of the newest event that a part has taken, epoch ms, if there is one. */
  readonly newest?: (name: string) => number | undefined;
  readonly onTrouble: (reason: string | undefined) => void;
}

/**
 * The role `detect`: the parts of the keys that this instance owns, each by itself. A part that is given up
 * while the group divides its partitions anew is kept as it is: mostly it comes back at once, and to save and
 * load it would keep everybody waiting. Whoever else is given it goes on from what was saved last.
 */
export class Detect<Minutes> implements SourceIo {
  readonly #options: DetectOptions<Minutes>;
  readonly #partitions = new Map<string, DetectPartition<Minutes>>();
  /** Those that may come back; nothing of them is judged or saved until then. */
  readonly #kept = new Map<string, DetectPartition<Minutes>>();

  constructor(options: DetectOptions<Minutes>) {
    this.#options = options;
  }

  get partitions(): ReadonlyMap<string, DetectPartition<Minutes>> {
    return this.#partitions;
  }

  /** Those it owns, and those that may come back. */
  get known(): ReadonlyMap<string, DetectPartition<Minutes>> {
    return new Map([...this.#partitions, ...this.#kept]);
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
    const partition = this.#partitions.get(batch.partition);
    if (partition === undefined) return;
    const { load = noFollower, newest = () => undefined } = this.#options;
    load.arrived(batch);
    try {
      load.enter("detect");
      await partition.handle({ tallies, next: batch.next as string });
      load.handled(batch, { events: 0, newest: newest(batch.partition) });
    } finally {
      load.enter(undefined);
      load.left(batch);
    }
  }

  /** `claim` has made what is needed; what was kept and is not among it is another's now. */
  assigned(): void {
    for (const [name, partition] of this.#kept) {
      this.#kept.delete(name);
      this.#options.onClosed?.(name);
      partition.close().catch(this.#options.onLost);
    }
  }

  async revoked(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const partition = this.#partitions.get(name);
      this.#partitions.delete(name);
      this.#options.load?.released(name);
      if (partition !== undefined) this.#kept.set(name, partition);
    }
  }

  /** Saves everything, so that whoever is next begins here. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#partitions].map(async ([name, partition]) => {
        this.#partitions.delete(name);
        await partition.save().catch(this.#options.onLost);
        await partition.close();
      }),
    );
    this.assigned();
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

  /** To be called every `detect.saveEvery`. One after the other: all copies at once would keep tallies waiting for the sum. */
  async save(): Promise<void> {
    for (const [name, partition] of [...this.#partitions]) await this.#guarded(name, partition, () => partition.save());
  }

  /** Writes records for others, each with the producer of the part that it is about. */
  tell(records: ReadonlyMap<string, OutgoingRecord>): Promise<void> {
    return this.#each(async (partition, name) => {
      const record = records.get(name);
      if (record !== undefined) await partition.tell([record]);
    });
  }

  /** A part that failed has to be opened anew, and with it the reading. */
  async #each(run: (partition: DetectPartition<Minutes>, name: string) => Promise<void>): Promise<void> {
    await Promise.all(
      [...this.#partitions].map(([name, partition]) => this.#guarded(name, partition, () => run(partition, name))),
    );
  }

  async #guarded(name: string, partition: DetectPartition<Minutes>, run: () => Promise<void>): Promise<void> {
    // Given up in the meantime: whoever has it now goes on with it.
    const isOurs = () => this.#partitions.get(name) === partition;
    if (!isOurs()) return;
    await run().catch((error: unknown) => {
      if (isOurs()) this.#options.restart(error);
    });
  }

  async #open(name: string): Promise<void> {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    if (kept !== undefined && (await kept.resume())) {
      this.#partitions.set(name, kept);
      return;
    }
    await kept?.close();
    const partition = this.#options.partitionOf(name);
    this.#partitions.set(name, partition);
    await partition.open();
  }
}
