import type { Clock } from "../clock.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import { Coverage, type DetectorCoverage } from "./coverage.ts";
import type { DetectConfig } from "./detect-config.ts";
import type { Detection } from "./detection.ts";
import { Episodes } from "./episodes.ts";
import { judge, type Finding } from "./judge.ts";
import type { KeySpace } from "./key-space.ts";
import type { Lane } from "./lane.ts";
import type { Muting } from "./muting.ts";
import type { FirstSeen } from "./first-seen.ts";
import { HeldEvents } from "./held-events.ts";
import { buildTables, rememberFirsts, slackOf } from "./tables.ts";
import { EventCounting } from "./event-counting.ts";
import { bindDetectors, type ActiveDetector, type BoundDetector, type Cell } from "./plan.ts";
import { SampleRing } from "./sample.ts";
import type { TrafficMemory } from "./traffic-memory.ts";
import type { Watermark } from "./watermark.ts";

/** Events of one partition, in its order. */
export interface EventBatch {
  readonly partition: string;
  readonly events: readonly AccessEvent[];
  /** When the transport took each event, epoch ms: an event can't have ended later than that. */
  readonly takenAt: (index: number) => number;
}

export interface DetectEngineOptions {
  readonly detectors: readonly ActiveDetector[];
  readonly config: DetectConfig;
  readonly clock: Clock;
  readonly watermark: Watermark;
  readonly memory: TrafficMemory;
  readonly muting: Muting;
}

/** A gateway's clock may be so far ahead of the transport's before its events stop moving the watermark. */
const clockSkewMs = 2_000;

/** Detectors whose figures take long are judged on change at most so often for one key, in event time. */
const slowEveryMs = 100;

/**
 * Counts events for every detector's keys and judges them twice: on change, so that a block stands
 * within milliseconds, and once their bucket is sealed by the watermark, so that what is kept
 * depends on the events alone and not on their order.
 */
export class DetectEngine {
  readonly bound: readonly BoundDetector[];
  readonly spaces: readonly KeySpace[];
  readonly episodes = new Episodes();
  readonly held = new HeldEvents();
  readonly coverage: Coverage;
  /** When values of keys were first seen, if a detector asks for it. */
  readonly firsts: FirstSeen | undefined;
  late = 0;
  readonly #options: DetectEngineOptions;
  readonly #counting: EventCounting;
  readonly #lanes: readonly Lane[];
  /** How far beyond what is sealed the tables have room, in milliseconds. */
  readonly #reach: number;
  #lastSecond = 0;
  #sealedUntil = 0;

  constructor(options: DetectEngineOptions) {
    this.#options = options;
    this.#reach = slackOf(options.config);
    const tables = buildTables({ config: options.config, ring: new SampleRing(65_536) });
    this.bound = bindDetectors(options.detectors, tables);
    this.spaces = tables.spaces();
    this.firsts = rememberFirsts(this.spaces, options.config);
    this.#lanes = this.spaces.flatMap((space) => space.lanes);
    for (const lane of this.#lanes) lane.allocate();
    this.coverage = new Coverage(this.bound);
    this.#counting = new EventCounting({ bound: this.bound, muting: options.muting, coverage: this.coverage });
  }

  /** Errors thrown by detectors; each was skipped for that detector. */
  get faults(): number {
    return this.#counting.faults;
  }

  get sealedUntil(): number {
    return this.#sealedUntil;
  }

  /** Counts a batch; returns what was detected, eager and sealed. */
  process(batch: EventBatch): Detection[] {
    const told: Detection[] = [];
    const { watermark, memory } = this.#options;
    const now = this.#options.clock.now();
    for (let i = 0; i < batch.events.length; i++) {
      const event = batch.events[i]!;
      watermark.read(batch.partition, Math.min(event.time, batch.takenAt(i) + clockSkewMs));
      const second = Math.floor(watermark.newest / 1000);
      if (second > this.#lastSecond) {
        this.#lastSecond = second;
        this.#advance(watermark.advance(), { now, told });
      }
      memory.see(event);
      if (event.enforced) continue;
      const cell = this.#counting.cellOf(event);
      for (const detector of cell.awaiting) this.coverage.await(detector);
      if (cell.detectors.length === 0) continue;
      if (event.time < this.#sealedUntil) this.late++;
      else if (event.time <= watermark.reached + this.#reach || !this.held.hold(event))
        this.#observe(event, cell, { now, told });
    }
    this.#advance(watermark.advance(), { now, told });
    return told;
  }

  /** Lets time pass where no event does: idle partitions leave the watermark, quiet episodes close. */
  tick(): Detection[] {
    const told: Detection[] = [];
    this.#advance(this.#options.watermark.advance(), { now: this.#options.clock.now(), told });
    return told;
  }

  /** Seals and closes everything: no event will follow. */
  finish(): Detection[] {
    const told: Detection[] = [];
    const { watermark } = this.#options;
    const longest = Math.max(0, ...this.bound.map(({ quietMs, lane }) => quietMs + lane.bucketMs));
    this.#advance(watermark.finish(watermark.newest + longest + 2), { now: this.#options.clock.now(), told });
    return told;
  }

  coverageOf(detector: BoundDetector): DetectorCoverage {
    return this.coverage.of(detector);
  }

  /** The engine's own counters, restored by `DetectState`. */
  restoreSealed(sealedUntil: number): void {
    this.#sealedUntil = sealedUntil;
    this.#lastSecond = Math.floor(this.#options.watermark.newest / 1000);
  }

  /** Counts an event, and judges by each detector whose evidence it is, unless it is too old for that. */
  #observe(event: AccessEvent, cell: Cell, moment: { now: number; told: Detection[] }): void {
    const evidence = this.#counting.observe(event, cell, this.#sealedUntil);
    if (moment.now - event.time > this.#options.config.staleAfter) return;
    for (const index of evidence) this.#judgeEagerly(this.bound[index]!, event, moment.told);
  }

  #judgeEagerly(detector: BoundDetector, event: AccessEvent, told: Detection[]): void {
    const row = detector.space.rowOf(event, this.#counting.serial);
    if (row === -1) return;
    const { lane, floor, judgedAt } = detector;
    if (lane.mostEvents(row) < floor) return;
    if (judgedAt !== undefined) {
      if (Math.abs(event.time - judgedAt[row]!) < slowEveryMs) return;
      judgedAt[row] = event.time;
    }
    const name = detector.space.table.names[row]!;
    const isOpen = this.episodes.isOpen(detector, name);
    if (isOpen && !this.episodes.mayRefresh(detector, { name, time: event.time })) return;
    const finding = this.#judge(detector, { row, bucket: detector.lane.bucketOf(event.time) });
    if (!finding) return;
    told.push(...this.episodes.eager(finding, event.time, { stale: false, coverage: this.coverageOf(detector) }));
  }

  /** Seals up to the watermark, and lets in on the way what had run ahead and has room now. */
  #advance(watermark: number, moment: { now: number; told: Detection[] }): void {
    for (let next = this.held.earliest; next !== undefined; next = this.held.earliest) {
      if (next - this.#reach > watermark) break;
      this.#seal(next - this.#reach, moment.told);
      for (const event of this.held.release(next)) this.#observe(event, this.#counting.cellOf(event), moment);
    }
    this.#seal(watermark, moment.told);
  }

  /** Judges, in order of time, every key with events in the buckets that the watermark has passed. */
  #seal(watermark: number, told: Detection[]): void {
    if (watermark <= this.#sealedUntil) return;
    const stale =
      this.#options.clock.now() - watermark > this.#options.config.staleAfter + this.#options.config.lateness;
    for (const { lane, bucket } of this.#sealable(watermark)) {
      for (const [row, by] of lane.pending.get(bucket)!) {
        for (const index of by) {
          const detector = this.bound[index]!;
          if (detector.lane !== lane || this.#options.muting.isMuted(detector.active.definition.id)) continue;
          const finding = this.#judge(detector, { row, bucket });
          if (finding) told.push(...this.episodes.sealed(finding, { stale, coverage: this.coverageOf(detector) }));
        }
      }
      lane.pending.delete(bucket);
    }
    this.#sealedUntil = watermark;
    told.push(...this.episodes.advance(watermark));
  }

  /** The buckets that the watermark has passed, in order of time. */
  #sealable(watermark: number): { lane: Lane; bucket: number; end: number }[] {
    const ready: { lane: Lane; bucket: number; end: number }[] = [];
    for (const lane of this.#lanes) {
      for (const bucket of lane.pending.keys()) {
        const end = (bucket + 1) * lane.bucketMs;
        if (end <= watermark) ready.push({ lane, bucket, end });
      }
    }
    return ready.sort((a, b) => a.end - b.end);
  }

  #judge(detector: BoundDetector, at: { row: number; bucket: number }): Finding | undefined {
    try {
      return judge(detector, at, (clientIp, time) => this.#options.memory.succeededBefore(clientIp, time));
    } catch (error) {
      this.#counting.threw(detector.active, error);
      return undefined;
    }
  }
}
