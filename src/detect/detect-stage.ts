import type { Clock } from "../clock.ts";
import type { NormalizedBatch } from "../normalize/access-event.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import type { BaselineMeasure } from "./baseline.ts";
import { Baselines } from "./baselines.ts";
import type { DetectorCoverage } from "./coverage.ts";
import type { DetectConfig } from "./detect-config.ts";
import { DetectEngine } from "./detect-engine.ts";
import { loadDetect, saveDetect, type SavedDetect } from "./detect-state.ts";
import type { Detection } from "./detection.ts";
import type { JudgementWatcher } from "./judgement.ts";
import type { Part } from "./key-division.ts";
import { Muting } from "./muting.ts";
import type { ActiveDetector } from "./plan.ts";
import type { SaveExtent } from "./save-extent.ts";
import type { Shedding } from "./shedding.ts";
import { aheadMs } from "./tables.ts";
import { takenAtOf } from "./taken-at.ts";
import type { MergedTally } from "./tally-merging.ts";
import { TrafficMemory } from "./traffic-memory.ts";
import { Watermark } from "./watermark.ts";

export type SavedStage = SavedDetect;

/** How one detector is doing. */
export interface DetectorStatus {
  readonly id: string;
  readonly title: string;
  readonly mode: "active" | "dry-run";
  readonly coverage: DetectorCoverage;
  readonly muted: boolean;
  readonly errors: number;
  /** How often it would have fired while another held it back, and which do so now. */
  readonly suppressed: { readonly times: number; readonly by: readonly string[] };
  /** What it compares with what is usual, and at how many places that is known well enough; absent for others. */
  readonly usual?: { readonly of: readonly BaselineMeasure[]; readonly places: number } | undefined;
}

export interface DetectStageOptions {
  readonly detectors: readonly ActiveDetector[];
  readonly config: DetectConfig;
  readonly clock: Clock;
  readonly onMuted: (detector: string, error: string) => void;
  /** See `proxies.maxShare`; off unless given. */
  readonly maxShare?: number | "off";
  /** What is left out while reading is too far behind. */
  readonly shedding?: Shedding | undefined;
  /** Told of judgements on complete buckets: a trial's thresholds. */
  readonly watcher?: JudgementWatcher | undefined;
  /** Which part of the keys it has; all of them, unless given. */
  readonly part?: Part | undefined;
}

/** The detect stage: the engine with all it stands on, and a change of detectors without losing counts. */
export class DetectStage {
  readonly watermark: Watermark;
  readonly memory: TrafficMemory;
  /** What is usual at an hour of the week, once somebody has learned it. */
  readonly baselines = new Baselines();
  readonly #options: DetectStageOptions;
  #muting: Muting;
  #engine: DetectEngine;
  /** Detections of detectors that are gone, closed, to be told at the next opportunity. */
  #gone: Detection[] = [];
  /** What was saved last, and whether the next start finds it. */
  #saved: SavedStage | undefined;
  #isWritten = false;
  #savingMs = 0;

  constructor(options: DetectStageOptions) {
    const { config, clock } = options;
    this.#options = options;
    this.watermark = new Watermark({ clock, latenessMs: config.lateness, idleAfterMs: config.idleAfter, aheadMs });
    this.memory = new TrafficMemory(config.clients, options);
    this.#muting = new Muting(options);
    this.#engine = this.#build(options.detectors);
  }

  get engine(): DetectEngine {
    return this.#engine;
  }

  /** Counts a batch and judges; an event can't have ended later than its transport took it. */
  process(batch: RawBatch, { events, offsets }: Pick<NormalizedBatch, "events" | "offsets">): Detection[] {
    if (events.length === 0) return this.tick();
    const takenAt = takenAtOf(batch, offsets);
    return [...this.#gone.splice(0), ...this.#engine.process({ partition: batch.partition, events, takenAt })];
  }

  /** Counts what another process counted of a source partition, and judges. */
  merge(tally: Uint8Array): MergedTally {
    const merged = this.#engine.merge(tally);
    return { ...merged, detections: [...this.#gone.splice(0), ...merged.detections] };
  }

  /** Takes in what another process knows of the traffic. */
  takeTraffic(tally: Uint8Array): Pick<MergedTally, "partition" | "problem"> {
    return this.#engine.takeTraffic(tally);
  }

  tick(): Detection[] {
    return [...this.#gone.splice(0), ...this.#engine.tick()];
  }

  finish(): Detection[] {
    return [...this.#gone.splice(0), ...this.#engine.finish()];
  }

  /** Other detectors, modes or parameters: counts go on where what is counted has stayed the same. */
  update(detectors: readonly ActiveDetector[]): void {
    const saved = this.save();
    this.#muting = new Muting(this.#options);
    this.#engine = this.#build(detectors);
    this.load(saved);
  }

  status(): DetectorStatus[] {
    const { suppressions } = this.#engine.judging;
    return this.#engine.bound.map((detector) => {
      const { definition, mode } = detector.active;
      return {
        id: definition.id,
        title: definition.title,
        mode,
        coverage: this.#engine.coverageOf(detector),
        muted: this.#muting.isMuted(definition.id),
        errors: this.#muting.errors(definition.id).total,
        suppressed: {
          times: suppressions.countOf(detector),
          by: suppressions.holding(detector, this.#engine.sealedUntil),
        },
        usual: definition.baselines && {
          of: definition.baselines,
          places: this.baselines.settledPlaces(definition.baselines),
        },
      };
    });
  }

  /** Changes are those since it was saved last. It is all if that was not written, or it has been loaded since. */
  save(extent: SaveExtent = "whole"): SavedStage {
    const parts = { engine: this.#engine, watermark: this.watermark, memory: this.memory };
    const begun = this.#options.clock.monotonic();
    const saved = saveDetect(parts, this.#isWritten ? extent : "whole");
    this.#savingMs = this.#options.clock.monotonic() - begun;
    this.#isWritten = false;
    return (this.#saved = saved);
  }

  /** For so long everything waited when it was saved last, ms. */
  get savingMs(): number {
    return this.#savingMs;
  }

  /** What was saved is where the next start finds it: from here on changes are enough. */
  written(saved: SavedStage): void {
    this.#isWritten = saved === this.#saved;
  }

  /** Goes on from what was saved: whole first, then in changes. */
  load(...saves: readonly SavedStage[]): void {
    this.#isWritten = false;
    this.#saved = undefined;
    const parts = { engine: this.#engine, watermark: this.watermark, memory: this.memory };
    this.#gone.push(...loadDetect(parts, ...saves));
  }

  #build(detectors: readonly ActiveDetector[]): DetectEngine {
    const { config, clock, watcher, part, shedding } = this.#options;
    return new DetectEngine({
      ...{ detectors, config, clock, watcher, part, shedding },
      ...{ watermark: this.watermark, memory: this.memory, muting: this.#muting, baselines: this.baselines },
    });
  }
}
