import type { Clock } from "../clock.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import { Baselines } from "./baselines.ts";
import { ChangedKeys } from "./changed-keys.ts";
import { Coverage, type DetectorCoverage } from "./coverage.ts";
import type { DetectConfig } from "./detect-config.ts";
import type { Detection } from "./detection.ts";
import { Episodes } from "./episodes.ts";
import type { JudgementWatcher } from "./judgement.ts";
import { Judging } from "./judging.ts";
import type { KeySpace } from "./key-space.ts";
import type { Muting } from "./muting.ts";
import type { FirstSeen } from "./first-seen.ts";
import { HeldEvents } from "./held-events.ts";
import { HeldTallies } from "./held-tallies.ts";
import { KeyDivision, type Part } from "./key-division.ts";
import { buildTables, rememberFirsts, samplesFor, slackOf } from "./tables.ts";
import { EventCounting } from "./event-counting.ts";
import type { Cell } from "./cells.ts";
import { bindDetectors, type ActiveDetector, type BoundDetector } from "./plan.ts";
import { RepeatFilter } from "./repeat-filter.ts";
import type { Samples } from "./samples.ts";
import type { Shedding } from "./shedding.ts";
import type { StretchBytes } from "./read-tally.ts";
import { type MergedTally, TallyMerging } from "./tally-merging.ts";
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
  /** What is usual at an hour of the week; nothing is known unless given. */
  readonly baselines?: Baselines;
  readonly shedding?: Shedding | undefined;
  /** Told of judgements on complete buckets; costs nothing where there is none. */
  readonly watcher?: JudgementWatcher | undefined;
  /** Which part of the keys it has, where they are divided among several engines; all of them, unless given. */
  readonly part?: Part | undefined;
}

/** A gateway's clock may be so far ahead of the transport's before its events stop moving the watermark. */
export const clockSkewMs = 2_000;

/**
 * Counts events for every detector's keys and judges them twice: on change, so that a block stands
 * within milliseconds, and once their bucket is sealed by the watermark, so that what is kept
 * depends on the events alone and not on their order.
 */
export class DetectEngine {
  readonly bound: readonly BoundDetector[];
  readonly spaces: readonly KeySpace[];
  readonly episodes = new Episodes();
  readonly judging: Judging;
  readonly held = new HeldEvents();
  readonly heldTallies = new HeldTallies();
  readonly coverage: Coverage;
  /** Samples of quiet rows. */
  readonly samples: Samples;
  /** When values of keys were first seen, if a detector asks for it. */
  readonly firsts: FirstSeen | undefined;
  /** What is left out while reading is too far behind; absent where nothing may be. */
  readonly shedding: Shedding | undefined;
  late = 0;
  /** Lanes of tallies that count something else here: what they say was left out. */
  unknownLanes = 0;
  /** Lines that came twice, and were counted once. */
  repeated = 0;
  readonly #options: DetectEngineOptions;
  readonly #counting: EventCounting;
  /** How far beyond what is sealed the tables have room, in milliseconds. */
  readonly #reach: number;
  readonly #repeats = new RepeatFilter();
  readonly #changed: ChangedKeys;
  readonly #merging: TallyMerging;
  readonly #division: KeyDivision;
  #lastSecond = 0;
  #sealedUntil = 0;

  constructor(options: DetectEngineOptions) {
    this.#options = options;
    this.shedding = options.shedding;
    this.#reach = slackOf(options.config);
    this.samples = samplesFor(options.config);
    const tables = buildTables({ config: options.config, ring: this.samples });
    this.bound = bindDetectors(options.detectors, tables);
    this.spaces = tables.spaces();
    this.firsts = rememberFirsts(this.spaces, options.config);
    const lanes = this.spaces.flatMap((space) => space.lanes);
    for (const detector of this.bound) {
      const watched = options.watcher?.floorOf(detector);
      if (watched !== undefined) detector.lane.judges.lookFrom(detector.index, watched);
    }
    for (const lane of lanes) lane.allocate();
    this.#changed = new ChangedKeys(this.bound);
    this.#division = new KeyDivision(this.bound, options.part?.of ?? 1);
    this.coverage = new Coverage(this.bound);
    const { memory, muting } = options;
    this.#merging = new TallyMerging({ spaces: this.spaces, bound: this.bound, memory, part: options.part });
    const counting = new EventCounting({ bound: this.bound, muting, coverage: this.coverage });
    this.#counting = counting;
    this.judging = new Judging({
      ...{ bound: this.bound, lanes, episodes: this.episodes },
      coverageOf: (detector) => this.coverageOf(detector),
      memory,
      baselines: options.baselines ?? new Baselines(),
      isMuted: ({ active }) => muting.isMuted(active.definition.id),
      holdsBack: (detector, time) => options.shedding?.holdsBack(detector, time) ?? false,
      threw: (active, error) => counting.threw(active, error),
      watcher: options.watcher,
    });
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
    const partition = batch.events.length > 0 ? watermark.heard(batch.partition) : undefined;
    for (let i = 0; i < batch.events.length; i++) {
      const event = batch.events[i]!;
      watermark.readUpTo(partition!, Math.min(event.time, batch.takenAt(i) + clockSkewMs));
      const second = Math.floor(watermark.newest / 1000);
      if (second > this.#lastSecond) {
        this.#lastSecond = second;
        this.#advance(watermark.advance(), { now, told });
      }
      if (this.#repeats.isRepeat(event)) {
        this.repeated++;
        continue;
      }
      const isEarly = event.time > watermark.reached + this.#reach;
      memory.see(event, { settles: !isEarly && event.time >= this.#sealedUntil });
      if (event.enforced) continue;
      const whole = this.#counting.cellOf(event);
      const cell = this.shedding === undefined ? whole : this.shedding.cellFor(event, whole);
      for (const detector of cell.awaiting) this.coverage.await(detector);
      if (cell.detectors.length === 0) continue;
      if (event.time < this.#sealedUntil) this.late++;
      else if (!isEarly || !this.held.hold(event)) this.#observe(event, cell, now);
    }
    this.#advance(watermark.advance(), { now, told });
    return told;
  }

  /** Counts what another process counted, and judges as `process` does. */
  merge(bytes: Uint8Array): MergedTally {
    const { watermark, clock } = this.#options;
    const tally = this.#merging.read(bytes);
    if ("problem" in tally) return { detections: [], events: 0, problem: tally.problem };
    const moment = { now: clock.now(), told: [] as Detection[] };
    let problem: string | undefined;
    this.repeated += tally.repeated;
    this.coverage.merge(tally.seen);
    const partition = watermark.heard(tally.partition);
    for (const stretch of tally.stretches.toSorted((a, b) => a.begin - b.begin)) {
      const isEarly = stretch.latest > watermark.reached + this.#reach;
      if (!isEarly || !this.heldTallies.hold(stretch)) problem = this.#take(stretch, moment.now) ?? problem;
      watermark.readUpTo(partition, Math.min(tally.mark, stretch.latest));
      this.#advance(watermark.advance(), moment);
    }
    if (tally.mark > 0) watermark.readUpTo(partition, tally.mark);
    this.#advance(watermark.advance(), moment);
    return {
      detections: this.#own(moment.told),
      partition: tally.partition,
      events: tally.events,
      minutes: tally.minutes,
      problem,
    };
  }

  /** Takes in what another process knows of the traffic: who succeeded from where, how logins fare. Judges nothing. */
  takeTraffic(bytes: Uint8Array): Pick<MergedTally, "partition" | "problem"> {
    const { watermark, clock } = this.#options;
    const tally = this.#merging.readTraffic(bytes);
    if ("problem" in tally) return tally;
    for (const stretch of tally.stretches) this.#merging.takeTraffic(stretch, this.#sealedUntil);
    watermark.readUpTo(watermark.heard(tally.partition), tally.mark);
    this.#advance(watermark.advance(), { now: clock.now(), told: [] });
    return { partition: tally.partition };
  }

  /** Lets time pass where no event does: idle partitions leave the watermark, quiet episodes close. */
  tick(): Detection[] {
    const told: Detection[] = [];
    this.#advance(this.#options.watermark.advance(), { now: this.#options.clock.now(), told });
    return this.#own(told);
  }

  /** Seals and closes everything: no event will follow. */
  finish(): Detection[] {
    const told: Detection[] = [];
    const { watermark } = this.#options;
    const longest = Math.max(0, ...this.bound.map(({ quietMs, lane }) => quietMs + lane.bucketMs));
    const moment = { now: this.#options.clock.now(), told };
    this.#advance(watermark.finish(watermark.newest + longest + 2), moment);
    while (this.judging.judgedUntil < this.#sealedUntil) this.#seal(this.#sealedUntil, told);
    return this.#own(told);
  }

  coverageOf(detector: BoundDetector): DetectorCoverage {
    return this.coverage.of(detector);
  }

  /** The engine's own counters, restored by `DetectState`. */
  restoreSealed(sealedUntil: number, judgedUntil: number): void {
    this.#sealedUntil = sealedUntil;
    this.#lastSecond = Math.floor(this.#options.watermark.newest / 1000);
    this.judging.resume(judgedUntil);
  }

  /** Counts an event, and notes which keys it may have made fire, unless it is too old for that. */
  #observe(event: AccessEvent, cell: Cell, now: number): void {
    const counting = this.#counting;
    counting.observe(event, cell, Math.min(this.#sealedUntil, this.judging.judgedUntil));
    if (counting.ready.length === 0 || now - event.time > this.#options.config.staleAfter) return;
    for (const detector of counting.ready) this.#changed.note(detector, { row: detector.space.lastRow, event });
  }

  /** Takes in what was counted elsewhere of a stretch of time; answers why it can't, or not all of it. */
  #take(stretch: StretchBytes, now: number): string | undefined {
    const isStale = now - stretch.latest > this.#options.config.staleAfter;
    const { late, unknownLanes, problem } = this.#merging.take(stretch, {
      sealedUntil: this.#sealedUntil,
      judgedUntil: Math.min(this.#sealedUntil, this.judging.judgedUntil),
      changed: (detector, { row, time }) => {
        if (!isStale) this.#changed.note(detector, { row, event: { time } });
      },
    });
    this.late += late;
    this.unknownLanes += unknownLanes;
    return problem;
  }

  /** Keys that all parts have are told of by the one that owns them. */
  #own(told: Detection[]): Detection[] {
    const { part } = this.#options;
    if (part === undefined || part.of === 1) return told;
    return told.filter(({ detector, key }) => {
      const space = this.bound.find(({ active }) => active.definition.id === detector)?.space;
      return space === undefined || this.#division.partOfKey(space, key) === part.index;
    });
  }

  /** Seals up to the watermark, and lets in on the way what had run ahead and has room now. */
  #advance(watermark: number, moment: { now: number; told: Detection[] }): void {
    this.#judgeChanged(moment.told);
    for (let next = this.held.earliest; next !== undefined; next = this.held.earliest) {
      if (next - this.#reach > watermark) break;
      this.#seal(next - this.#reach, moment.told);
      for (const event of this.held.release(next)) {
        this.#options.memory.settleLater(event);
        this.#observe(event, this.#counting.cellOf(event), moment.now);
      }
      this.#judgeChanged(moment.told);
    }
    for (let next = this.heldTallies.earliest; next !== undefined; next = this.heldTallies.earliest) {
      if (next - this.#reach > watermark) break;
      this.#seal(next - this.#reach, moment.told);
      this.#take(this.heldTallies.release(), moment.now);
      this.#judgeChanged(moment.told);
    }
    this.#seal(watermark, moment.told);
  }

  /** Each key once for all of its events since the last time: within a batch, and within a second of event time. */
  #judgeChanged(told: Detection[]): void {
    this.#changed.take((detector, at) => told.push(...this.judging.onChange(detector, at)));
  }

  /** Judges what the watermark has passed. */
  #seal(watermark: number, told: Detection[]): void {
    if (watermark <= this.#sealedUntil && this.judging.judgedUntil >= this.#sealedUntil) return;
    const { clock, config } = this.#options;
    const stale = clock.now() - watermark > config.staleAfter + config.lateness;
    told.push(...this.judging.seal(watermark, { stale }));
    this.#sealedUntil = Math.max(this.#sealedUntil, watermark);
  }
}
