import type { Position, RawBatch, SourceIo } from "../source/raw-batch.ts";

export interface StandbyOptions {
  /** Takes over: from now on nobody else can save. Resolves with what goes on from what they saved. */
  readonly begin: () => Promise<SourceIo>;
  /** Rejects when another instance has taken over since we began. */
  readonly prove: () => Promise<void>;
  readonly onTrouble: (source: string, reason: string | undefined) => void;
}

/**
 * What sources speak to while it is not decided whether this instance leads, and after. The first that is
 * given partitions has it take over; the others, and each later generation of a group, find it done.
 */
export class Standby implements SourceIo {
  readonly #options: StandbyOptions;
  #begun: Promise<SourceIo> | undefined;
  #io: SourceIo | undefined;

  constructor(options: StandbyOptions) {
    this.#options = options;
  }

  /** Resolves when nothing is being taken over. */
  async settled(): Promise<void> {
    await this.#begun?.catch(() => {});
  }

  async claim(): Promise<void> {
    const { begin, prove } = this.#options;
    const isFirst = this.#begun === undefined;
    this.#begun ??= begin();
    this.#io = await this.#begun;
    // A group that lost us may have had another owner in between.
    if (!isFirst) await prove();
  }

  handle(batch: RawBatch): Promise<void> {
    return this.#leading.handle(batch);
  }

  assigned(partitions: readonly string[]): void {
    // Nothing: another works, and this one stays warm.
    if (partitions.length > 0) this.#leading.assigned(partitions);
  }

  /**
   * Nothing is given up: whenever an instance comes or goes the group takes all partitions back, and gives
   * all of them to one. If that is another, whatever is here is dropped.
   */
  async revoked(): Promise<void> {}

  resumeAt(partition: string): Position | undefined {
    return this.#leading.resumeAt(partition);
  }

  ended(partition: string): void {
    this.#leading.ended(partition);
  }

  finished(source: string): void {
    this.#leading.finished(source);
  }

  trouble(source: string, reason: string | undefined): void {
    this.#io?.trouble(source, reason);
    this.#options.onTrouble(source, reason);
  }

  get #leading(): SourceIo {
    if (this.#io === undefined) throw new Error("a source reads before it has claimed its partitions");
    return this.#io;
  }
}
