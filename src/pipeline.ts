import type { Clock } from "./clock.ts";
import type { DetectStage, SavedStage } from "./detect/detect-stage.ts";
import type { Detection } from "./detect/detection.ts";
import type { SaveExtent } from "./detect/save-extent.ts";
import type { LiveTrials, SavedLiveTrials } from "./live-trials.ts";
import type { NormalizedBatch, RejectedRecord } from "./normalize/access-event.ts";
import type { LoadWatch } from "./load-watch.ts";
import type { NormalizerAhead } from "./normalize/normalizer-thread.ts";
import type { Normalizer } from "./normalize/normalizer.ts";
import type { LearnedRoutes } from "./normalize/route-learner.ts";
import { newestOf } from "./partition-lag.ts";
import type { Position, RawBatch, Source, SourceIo } from "./source/raw-batch.ts";
import { rejectedRecordRow } from "./store/event-rows.ts";
import type { MinuteRows, MinuteRowsSnapshot } from "./store/minute-rows.ts";
import type { Store } from "./store/store.ts";
import { untilTaken } from "./until-taken.ts";

/** What is saved together: what was counted, and up to where. */
export interface SavedState {
  readonly positions: readonly (readonly [partition: string, position: Position])[];
  readonly detect: SavedStage;
  readonly minutes: MinuteRowsSnapshot;
  /** Absent in what an earlier version saved. */
  readonly routes?: LearnedRoutes;
  readonly trials?: SavedLiveTrials;
}

export interface PipelineOptions {
  readonly clock: Clock;
  readonly normalizer: Pick<Normalizer, "normalize" | "learnedRoutes"> | NormalizerAhead;
  readonly detect: DetectStage;
  readonly minutes: MinuteRows;
  /** Reports of detectors; saved along. */
  readonly trials?: Pick<LiveTrials, "save">;
  readonly store: Pick<Store, "write" | "flush">;
  /** The stages behind: saves detections, then opens incidents, pages and blocks. Resolves when all is durable. */
  readonly respond: (detections: readonly Detection[]) => Promise<void>;
  /** Writes the state where the next start finds it. */
  readonly save: (state: SavedState) => Promise<void>;
  /** How much of what was counted is to be saved next; all of it, unless given. */
  readonly extent?: () => SaveExtent;
  readonly sources: readonly Source[];
  readonly saved: SavedState | undefined;
  /** A source has something, ended, or is in trouble; for silence, status and incidents. */
  readonly onSource: (event: SourceEvent) => void;
  /** Detections could not be made durable; it is tried again. */
  readonly onStuck: (error: unknown) => void;
  /** Looks at every batch's outcome: rates, decisions that would have hit. */
  readonly observe: (batch: RawBatch, outcome: BatchOutcome) => void;
  /** Told what waits, and what each stage takes of the time. */
  readonly load?: Pick<LoadWatch, "times" | "lag">;
}

export type SourceEvent =
  | { readonly kind: "arrived"; readonly source: string }
  | { readonly kind: "ended"; readonly source: string }
  | { readonly kind: "trouble"; readonly source: string; readonly reason: string | undefined };

export type BatchOutcome = ReturnType<Normalizer["normalize"]> & { readonly detections: readonly Detection[] };

/** What sources hand on to, and what the service drives. */
export interface Flow extends SourceIo {
  /** Lets time pass where nothing comes. */
  tick(): Promise<void>;
  /** Runs something while no batch is under way. */
  between(run: () => Promise<void>): Promise<void>;
  /** What can't be handed on is given up from now on. */
  stop(): void;
  /** Nothing will follow. */
  finish(): Promise<void>;
  save(): Promise<void>;
}

/**
 * The flow of a log line, from top to bottom: source → normalize → detect → store → incident →
 * notify and block. One batch at a time, so that what is counted and how far has been read are
 * always saved together.
 */
export class Pipeline implements Flow {
  readonly #options: PipelineOptions;
  readonly #positions: Map<string, Position>;
  /** Where an earlier run had got to. */
  readonly #resumed: ReadonlyMap<string, Position>;
  /** Which source a partition is of. */
  readonly #owners = new Map<string, string>();
  #tail: Promise<unknown> = Promise.resolve();
  #saving: Promise<unknown> = Promise.resolve();
  #changed = false;
  /** Something was counted and not handed on: saved now, it would be missing after the next start, or be counted twice. */
  #torn = false;
  readonly #stopping = new AbortController();

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#positions = new Map(options.saved?.positions);
    this.#resumed = new Map(options.saved?.positions);
  }

  /** Takes one batch through all stages. */
  async handle(batch: RawBatch): Promise<void> {
    const { normalizer, load: { lag } = {} } = this.#options;
    lag?.arrived(batch);
    const read = "begin" in normalizer ? normalizer.begin(batch) : () => normalizer.normalize(batch);
    try {
      await this.#inTurn(() => this.#handle(batch, read));
    } finally {
      lag?.left(batch);
    }
  }

  async #handle(batch: RawBatch, normalized: () => NormalizedBatch | Promise<NormalizedBatch>): Promise<void> {
    const { detect, minutes, store, observe, onSource, clock, load: { lag, times } = {} } = this.#options;
    this.#owners.set(batch.partition, batch.source);
    if (batch.records.length > 0 || batch.refused.length > 0) onSource({ kind: "arrived", source: batch.source });

    times?.enter("normalize");
    const read = await normalized();
    times?.enter("detect");
    const detections = await this.#whole(async () => {
      const detections = detect.process(batch, read);
      times?.enter("respond");
      // Before the counts: a store that is slow to take rows must not keep an attacker in.
      if (detections.length > 0) await this.#respond(detections);
      times?.enter("count");
      const counted = minutes.add(batch.partition, read);
      times?.enter("store");
      await counted;
      if (read.rejected.length > 0) await store.write("rejected_records", read.rejected.map(rowOf(clock)));
      return detections;
    });

    times?.enter("respond");
    this.#positions.set(batch.partition, batch.next);
    this.#changed = true;
    observe(batch, { ...read, detections });
    lag?.handled(batch, newestOf(read.events));
    this.#pauseWhoIsAhead();
    times?.enter(undefined);
  }

  assigned(partitions: readonly string[]): void {
    for (const partition of partitions) this.#options.detect.watermark.assign(partition);
  }

  async revoked(partitions: readonly string[]): Promise<void> {
    await this.#inTurn(async () => {
      for (const partition of partitions) {
        this.#options.load?.lag.released(partition);
        this.#options.detect.watermark.release(partition);
        this.#options.minutes.release(partition);
      }
    });
    await this.save();
  }

  resumeAt(partition: string): Position | undefined {
    return this.#positions.get(partition) ?? this.#resumed.get(partition);
  }

  ended(partition: string): void {
    this.#options.load?.lag.released(partition);
    this.#options.detect.watermark.end(partition);
  }

  finished(source: string): void {
    this.#options.onSource({ kind: "ended", source });
  }

  trouble(source: string, reason: string | undefined): void {
    this.#options.onSource({ kind: "trouble", source, reason });
  }

  /** Lets time pass where no event does. To be called every second. */
  tick(): Promise<void> {
    const times = this.#options.load?.times;
    return this.#inTurn(async () => {
      times?.enter("detect");
      await this.#whole(async () => {
        const detections = this.#options.detect.tick();
        times?.enter("respond");
        if (detections.length > 0) await this.#respond(detections);
      });
      times?.enter("store");
      await this.#options.minutes.flush();
      this.#pauseWhoIsAhead();
      times?.enter(undefined);
    });
  }

  /** Runs something while no batch is under way: a change of rules. */
  between(run: () => Promise<void>): Promise<void> {
    return this.#inTurn(run);
  }

  /** What can't be handed on is given up from now on: the next start reads it again. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Nothing will follow: judges what is left, and saves. */
  async finish(): Promise<void> {
    await this.#inTurn(() => this.#whole(() => this.#respond(this.#options.detect.finish())));
    this.#changed = true;
    await this.save();
  }

  /**
   * Saves what was counted with how far was read, and then tells the sources. The store has every
   * row of what was read before, or the positions don't move. Nothing is saved any more once
   * something could not be handed on: the next start goes on from what was saved before, and reads
   * it again.
   */
  save(): Promise<void> {
    // One after the other: an older state must not be written over a newer one, whose lines are gone.
    const saved = this.#saving.then(() => this.#save());
    this.#saving = saved.catch(() => {});
    return saved;
  }

  async #save(): Promise<void> {
    const times = this.#options.load?.times;
    const state = await this.#inTurn(async () => {
      if (!this.#changed || this.#torn) return undefined;
      times?.enter("save");
      // The counts as they are now; then what they add up to, which has to be in the store before they are saved.
      const snapshot = this.#snapshot();
      times?.enter("store");
      await this.#options.minutes.flush();
      times?.enter(undefined);
      this.#changed = false;
      return snapshot;
    });
    if (!state) return;
    try {
      await this.#options.store.flush();
      await this.#options.save(state);
      this.#options.detect.written(state.detect);
    } catch (error) {
      this.#changed = true;
      throw error;
    }
    const positions = new Map(state.positions);
    for (const source of this.#options.sources) await source.saved(positions);
  }

  #respond(detections: readonly Detection[]): Promise<void> {
    return untilTaken(detections, this.#options, this.#stopping.signal);
  }

  /** Runs what has to happen as a whole, from counting to handing on. */
  async #whole<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      this.#torn = true;
      throw error;
    }
  }

  #snapshot(): SavedState {
    return {
      positions: [...this.#positions],
      detect: this.#options.detect.save(this.#options.extent?.()),
      minutes: this.#options.minutes.snapshot(),
      routes: this.#options.normalizer.learnedRoutes(),
      ...(this.#options.trials && { trials: this.#options.trials.save() }),
    };
  }

  #pauseWhoIsAhead(): void {
    const { pause, resume } = this.#options.detect.watermark.pauses();
    for (const partition of pause) this.#sourceOf(partition)?.pause?.(partition);
    for (const partition of resume) this.#sourceOf(partition)?.resume?.(partition);
  }

  #sourceOf(partition: string): Source | undefined {
    return this.#options.sources.find(({ name }) => name === this.#owners.get(partition));
  }

  /** One after the other; a failed call doesn't hold up the next. */
  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(call);
    this.#tail = result.catch(() => {});
    return result;
  }
}

function rowOf(clock: Clock) {
  return (record: RejectedRecord) => rejectedRecordRow(record, clock.now());
}
