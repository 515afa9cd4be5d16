import { readDetection } from "./cluster/detection-record.ts";
import type { Detection } from "./detect/detection.ts";
import type { Flow, PipelineOptions } from "./pipeline.ts";
import type { Position, RawBatch } from "./source/raw-batch.ts";
import { untilTaken } from "./until-taken.ts";

export interface RespondFlowOptions {
  readonly pipeline: Pick<
    PipelineOptions,
    | "clock"
    | "detect"
    | "trials"
    | "store"
    | "respond"
    | "save"
    | "extent"
    | "sources"
    | "saved"
    | "onSource"
    | "onStuck"
  >;
  /** The name of the source whose records are detections; those of all others are traffic tallies. */
  readonly detections: string;
  /** Takes in what is known of all clients and logins; tells the source partition it is of. */
  readonly takeTraffic: (tally: Uint8Array) => {
    readonly partition?: string | undefined;
    readonly problem?: string | undefined;
  };
  /** A record that can't be read was left out. */
  readonly refused: (reason: string) => void;
}

/**
 * What the role `respond` does with what it reads: detections become incidents, pages and blocks, and what
 * is known of the traffic tells whom not to block. Otherwise as `Pipeline`, which does all of it in one process.
 */
export class RespondFlow implements Flow {
  readonly #options: RespondFlowOptions;
  readonly #positions: Map<string, Position>;
  readonly #stopping = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  #isChanged = false;

  constructor(options: RespondFlowOptions) {
    this.#options = options;
    this.#positions = new Map(options.pipeline.saved?.positions);
  }

  handle(batch: RawBatch): Promise<void> {
    return this.between(async () => {
      if (batch.source === this.#options.detections) await this.#respond(this.#detectionsOf(batch));
      else for (const record of batch.records) this.#take(record as Uint8Array);
      this.#positions.set(batch.partition, batch.next);
      this.#isChanged = true;
    });
  }

  assigned(): void {
    // One partition each: there is nothing to wait for.
  }

  async revoked(): Promise<void> {
    await this.save();
  }

  resumeAt(partition: string): Position | undefined {
    return this.#positions.get(partition);
  }

  ended(): void {
    // A topic does not end.
  }

  finished(): void {
    // A topic does not end.
  }

  trouble(source: string, reason: string | undefined): void {
    this.#options.pipeline.onSource({ kind: "trouble", source, reason });
  }

  async tick(): Promise<void> {
    // Time passes with what is read.
  }

  between<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(run);
    this.#tail = result.catch(() => {});
    return result;
  }

  stop(): void {
    this.#stopping.abort();
  }

  finish(): Promise<void> {
    return this.save();
  }

  /** Saves how far was read; all that came of it is in the store by then, or nothing moves. */
  save(): Promise<void> {
    return this.between(async () => {
      if (!this.#isChanged) return;
      const { store, save, extent, sources, detect, trials } = this.#options.pipeline;
      const positions = new Map(this.#positions);
      const counted = { detect: detect.save(extent?.()), minutes: [], ...(trials && { trials: trials.save() }) };
      await store.flush();
      await save({ positions: [...positions], ...counted });
      detect.written(counted.detect);
      this.#isChanged = false;
      for (const source of sources) await source.saved(positions);
    });
  }

  #detectionsOf({ records }: RawBatch): Detection[] {
    return records.flatMap((record) => {
      const text = Buffer.from(record as Uint8Array).toString("utf8");
      const detection = readDetection(text);
      if (detection === undefined) this.#options.refused("detection");
      return detection ?? [];
    });
  }

  #take(record: Uint8Array): void {
    const { partition, problem } = this.#options.takeTraffic(record);
    if (problem !== undefined) this.#options.refused("traffic");
    // A source is not silent as long as somebody counts what comes of it.
    else if (partition !== undefined)
      this.#options.pipeline.onSource({ kind: "arrived", source: partition.split(":", 1)[0]! });
  }

  /** What waits here waits in Kafka. */
  async #respond(detections: readonly Detection[]): Promise<void> {
    if (detections.length > 0) await untilTaken(detections, this.#options.pipeline, this.#stopping.signal);
  }
}
