import type { Baselines } from "./baselines.ts";
import type { ChangedKey } from "./changed-keys.ts";
import type { DetectorCoverage } from "./coverage.ts";
import type { Detection } from "./detection.ts";
import type { Episodes } from "./episodes.ts";
import { figureOf, figuresOf, judge, type Finding, samplesOf, type SucceededBefore } from "./judge.ts";
import type { JudgementWatcher } from "./judgement.ts";
import type { Lane } from "./lane.ts";
import type { ActiveDetector, BoundDetector } from "./plan.ts";
import { RowContext } from "./row-context.ts";
import { Suppressions } from "./suppressions.ts";
import type { TrafficMemory } from "./traffic-memory.ts";

/** Detectors whose figures take long are judged on change at most so often for one key, in event time. */
const slowEveryMs = 100;

/** Judgements in one call, some 15 ms; and how far, in event time, judging may be behind for that. */
const judgedAtOnce = 4_000;
const furthestBehindMs = 30_000;

const minute = 60_000;

/** One lane's rows that are judged at the end of one bucket, by the detectors of one rank. */
interface SealStep {
  readonly lane: Lane;
  readonly bucket: number;
  readonly end: number;
  readonly rank: number;
  readonly isLast: boolean;
  /** Filled when its turn comes. */
  rows: readonly number[];
  at: number;
}

export interface JudgingOptions {
  readonly bound: readonly BoundDetector[];
  readonly lanes: readonly Lane[];
  readonly episodes: Episodes;
  readonly coverageOf: (detector: BoundDetector) => DetectorCoverage;
  readonly memory: Pick<TrafficMemory, "succeededBefore" | "settledUsers" | "settle" | "watchedMs">;
  readonly baselines: Baselines;
  readonly isMuted: (detector: BoundDetector) => boolean;
  /** Whether what a detector has counted up to a moment of event time may lack something. */
  readonly holdsBack: (detector: BoundDetector, time: number) => boolean;
  readonly threw: (active: ActiveDetector, error: unknown) => void;
  /** Told of judgements on complete buckets, of the detectors that it wants to know of. */
  readonly watcher?: JudgementWatcher | undefined;
}

/** Judges keys: on change, and in order of time once their buckets are complete. */
export class Judging {
  readonly suppressions: Suppressions;
  readonly #options: JudgingOptions;
  readonly #succeededBefore: SucceededBefore;
  /** By detector: the watcher's floor. */
  readonly #watched: readonly (number | undefined)[];
  #tick = 0;
  /** What is sealed and not judged yet, in order. */
  #steps: SealStep[] = [];
  /** Everything that ended by then has been judged; epoch ms. */
  judgedUntil = 0;

  constructor(options: JudgingOptions) {
    this.#options = options;
    this.#succeededBefore = (clientIp, time) => options.memory.succeededBefore(clientIp, time);
    this.suppressions = new Suppressions(options.bound);
    this.#watched = options.bound.map((detector) => options.watcher?.floorOf(detector));
  }

  /** Goes on from a saved state: what was usual then is usual now. */
  resume(judgedUntil: number): void {
    this.judgedUntil = judgedUntil;
    this.#options.baselines.settle(lastTick(judgedUntil));
  }

  /** An event of this row speaks for the detector. */
  onChange(detector: BoundDetector, at: ChangedKey): Detection[] {
    const { row, event } = at;
    const { lane, floor, judgedAt, space } = detector;
    const { episodes, coverageOf } = this.#options;
    if (lane.mostEvents(row) < floor || this.#options.holdsBack(detector, event.time)) return [];
    if (judgedAt !== undefined) {
      if (Math.abs(event.time - judgedAt[row]!) < slowEveryMs) return [];
      judgedAt[row] = event.time;
    }
    const name = space.names.get(row)!;
    const isOpen = episodes.isOpen(detector, name);
    if (isOpen && !episodes.mayRefresh(detector, { name, time: event.time })) return [];
    const finding = this.#find(detector, { row, bucket: lane.bucketOf(event.time) }, "eager");
    return finding ? episodes.eager(finding, event.time, { stale: false, coverage: coverageOf(detector) }) : [];
  }

  /**
   * Judges every key with enough events, and evidence in the buckets that the watermark has passed. Hundreds
   * of thousands of keys may have their buckets end at once: after some thousands of them it goes on at the
   * next call, unless it is too far behind. What is judged depends on no later event.
   */
  seal(watermark: number, { stale }: { readonly stale: boolean }): Detection[] {
    const { episodes } = this.#options;
    const told: Detection[] = [];
    let left = judgedAtOnce;
    for (let step = this.#nextStep(watermark); step !== undefined; step = this.#nextStep(watermark)) {
      // What ended with a minute is judged by what was known when that minute began.
      this.#settle(lastTick(step.end - 1));
      while (step.at < step.rows.length) {
        if (left <= 0 && watermark - step.end < furthestBehindMs)
          return [...told, ...episodes.advance(this.judgedUntil)];
        left -= this.#sealRow(step, step.rows[step.at++]!, { stale, told });
      }
      if (step.isLast) step.lane.sealed(step.bucket);
      this.#steps.shift();
    }
    this.judgedUntil = Math.max(this.judgedUntil, watermark);
    this.#settle(lastTick(watermark));
    told.push(...episodes.advance(watermark));
    return told;
  }

  /** What is to be judged next; `undefined` when all is that the watermark has passed. */
  #nextStep(watermark: number): SealStep | undefined {
    if (this.#steps.length === 0 && watermark > this.judgedUntil) this.#steps = this.#sealable(watermark);
    const step = this.#steps[0];
    if (step === undefined) return undefined;
    this.judgedUntil = Math.max(this.judgedUntil, step.end - 1);
    if (step.rows.length === 0) step.rows = [...step.lane.hot.keys()];
    return step;
  }

  /** Judges one row in one bucket; answers what it cost, in judgements. */
  #sealRow(
    { lane, bucket, rank, end }: SealStep,
    row: number,
    { stale, told }: { readonly stale: boolean; readonly told: Detection[] },
  ): number {
    const { bound, episodes, coverageOf, isMuted, holdsBack } = this.#options;
    let cost = 0.1;
    for (let left = lane.evidenceAt(row, bucket); left !== 0; left &= left - 1) {
      const detector = bound[lane.judges.indexes[31 - Math.clz32(left & -left)]!]!;
      if (detector.rank !== rank || isMuted(detector) || holdsBack(detector, end)) continue;
      cost++;
      const finding = this.#find(detector, { row, bucket }, "sealed");
      if (this.#watched[detector.index] !== undefined) this.#tell(detector, { row, bucket });
      if (finding) told.push(...episodes.sealed(finding, { stale, coverage: coverageOf(detector) }));
    }
    return cost;
  }

  /** The buckets that the watermark has passed, in order of time; of one moment, those first that hold others back. */
  #sealable(watermark: number): SealStep[] {
    const ready: SealStep[] = [];
    for (const lane of this.#options.lanes) {
      for (const bucket of lane.unsealed) {
        const end = (bucket + 1) * lane.bucketMs;
        if (end > watermark) continue;
        lane.ranks.forEach((rank, i) =>
          ready.push({ lane, bucket, end, rank, isLast: i === lane.ranks.length - 1, rows: [], at: 0 }),
        );
      }
    }
    return ready.sort((a, b) => a.end - b.end || a.rank - b.rank);
  }

  /** What a detector finds, unless another holds it back. */
  #find(detector: BoundDetector, at: { row: number; bucket: number }, how: "sealed" | "eager"): Finding | undefined {
    try {
      const finding = judge(detector, at, {
        succeededBefore: this.#succeededBefore,
        context: new RowContext(detector, at.row, this.#options),
      });
      if (how === "sealed" && detector.population) compare(detector, at, finding);
      if (!finding || this.suppressions.holdsBack(finding, how)) return undefined;
      this.suppressions.fired(finding, how);
      return finding;
    } catch (error) {
      this.#options.threw(detector.active, error);
      return undefined;
    }
  }

  /** Tells the watcher how a key was judged, or would have been with lower floors. */
  #tell(detector: BoundDetector, at: { row: number; bucket: number }): void {
    const { lane, space, heldBackBy, active, index } = detector;
    if (lane.mostEvents(at.row) < this.#watched[index]!) return;
    try {
      const end = (at.bucket + 1) * lane.bucketMs;
      const key = () => space.keyOf(at.row);
      const firstSeen = () => samplesOf(detector, at)[0]?.time ?? end - lane.windowMs;
      const isHeldBack =
        heldBackBy.length > 0 &&
        this.suppressions.wouldHoldBack({ detector, end, key: key(), samples: samplesOf(detector, at) });
      if (isHeldBack) return;
      const context = new RowContext(detector, at.row, this.#options);
      const name = space.names.get(at.row)!;
      this.#options.watcher!.judged({ detector, name, end, figures: figuresOf(detector, at), context, key, firstSeen });
    } catch (error) {
      this.#options.threw(active, error);
    }
  }

  /** What was known when a minute of event time began holds until the next. */
  #settle(tick: number): void {
    if (tick === this.#tick) return;
    this.#tick = tick;
    this.#options.memory.settle(tick);
    this.#options.baselines.settle(tick);
    for (const { population } of this.#options.bound) population?.usual.publish(tick);
  }
}

/** Counts what a key did towards what is usual on its route; who fires is no part of that. */
function compare(detector: BoundDetector, at: { row: number; bucket: number }, finding: Finding | undefined): void {
  const { usual, counter, route: place } = detector.population!;
  const { row, bucket } = at;
  const route = detector.space.partOf(row, place);
  if (route === undefined) return;
  if (finding) {
    usual.leaveOut({ row, route }, finding.end, detector.quietMs);
    return;
  }
  const figure = figureOf(counter, row, bucket);
  const amount = typeof figure === "number" ? figure : "value" in figure && figure.known ? figure.value : undefined;
  if (amount !== undefined) usual.add({ row, route }, amount, (bucket + 1) * detector.lane.bucketMs);
}

/** The last full minute at a moment of event time, epoch ms. */
function lastTick(time: number): number {
  return Math.floor(time / minute) * minute;
}
