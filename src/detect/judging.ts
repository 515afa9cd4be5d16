import type { AccessEvent } from "../normalize/access-event.ts";
import type { DetectorCoverage } from "./coverage.ts";
import type { Detection } from "./detection.ts";
import type { Episodes } from "./episodes.ts";
import { judge, type Finding, type SucceededBefore } from "./judge.ts";
import type { Lane } from "./lane.ts";
import type { ActiveDetector, BoundDetector } from "./plan.ts";
import { Suppressions } from "./suppressions.ts";

/** Detectors whose figures take long are judged on change at most so often for one key, in event time. */
const slowEveryMs = 100;

export interface JudgingOptions {
  readonly bound: readonly BoundDetector[];
  readonly lanes: readonly Lane[];
  readonly episodes: Episodes;
  readonly coverageOf: (detector: BoundDetector) => DetectorCoverage;
  readonly succeededBefore: SucceededBefore;
  readonly isMuted: (detector: BoundDetector) => boolean;
  readonly threw: (active: ActiveDetector, error: unknown) => void;
}

/** Judges keys: on change, and in order of time once their buckets are complete. */
export class Judging {
  readonly suppressions: Suppressions;
  readonly #options: JudgingOptions;

  constructor(options: JudgingOptions) {
    this.#options = options;
    this.suppressions = new Suppressions(options.bound);
  }

  /** An event of this row speaks for the detector. */
  onChange(detector: BoundDetector, at: { readonly row: number; readonly event: AccessEvent }): Detection[] {
    const { row, event } = at;
    const { lane, floor, judgedAt, space } = detector;
    const { episodes, coverageOf } = this.#options;
    if (lane.mostEvents(row) < floor) return [];
    if (judgedAt !== undefined) {
      if (Math.abs(event.time - judgedAt[row]!) < slowEveryMs) return [];
      judgedAt[row] = event.time;
    }
    const name = space.table.names[row]!;
    const isOpen = episodes.isOpen(detector, name);
    if (isOpen && !episodes.mayRefresh(detector, { name, time: event.time })) return [];
    const finding = this.#find(detector, { row, bucket: lane.bucketOf(event.time) }, "eager");
    return finding ? episodes.eager(finding, event.time, { stale: false, coverage: coverageOf(detector) }) : [];
  }

  /** Judges every key with evidence in the buckets that the watermark has passed. */
  seal(watermark: number, { stale }: { readonly stale: boolean }): Detection[] {
    const { bound, episodes, coverageOf, isMuted } = this.#options;
    const told: Detection[] = [];
    for (const { lane, bucket, rank, isLast } of this.#sealable(watermark)) {
      for (const [row, by] of lane.pending.get(bucket)!) {
        for (const index of by) {
          const detector = bound[index]!;
          if (detector.lane !== lane || detector.rank !== rank || isMuted(detector)) continue;
          const finding = this.#find(detector, { row, bucket }, "sealed");
          if (finding) told.push(...episodes.sealed(finding, { stale, coverage: coverageOf(detector) }));
        }
      }
      if (isLast) lane.pending.delete(bucket);
    }
    told.push(...episodes.advance(watermark));
    return told;
  }

  /** The buckets that the watermark has passed, in order of time; of one moment, those first that hold others back. */
  #sealable(watermark: number): { lane: Lane; bucket: number; end: number; rank: number; isLast: boolean }[] {
    const ready: { lane: Lane; bucket: number; end: number; rank: number; isLast: boolean }[] = [];
    for (const lane of this.#options.lanes) {
      for (const bucket of lane.pending.keys()) {
        const end = (bucket + 1) * lane.bucketMs;
        if (end > watermark) continue;
        lane.ranks.forEach((rank, i) => ready.push({ lane, bucket, end, rank, isLast: i === lane.ranks.length - 1 }));
      }
    }
    return ready.sort((a, b) => a.end - b.end || a.rank - b.rank);
  }

  /** What a detector finds, unless another holds it back. */
  #find(detector: BoundDetector, at: { row: number; bucket: number }, how: "sealed" | "eager"): Finding | undefined {
    try {
      const finding = judge(detector, at, this.#options.succeededBefore);
      if (!finding || this.suppressions.holdsBack(finding, how)) return undefined;
      this.suppressions.fired(finding, how);
      return finding;
    } catch (error) {
      this.#options.threw(detector.active, error);
      return undefined;
    }
  }
}
