import type { AccessEvent, NormalizedBatch } from "../normalize/access-event.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import { type Cell, type Work } from "./cells.ts";
import { CellReading } from "./cell-reading.ts";
import { Coverage } from "./coverage.ts";
import { clockSkewMs, type EventBatch } from "./detect-engine.ts";
import type { DetectConfig } from "./detect-config.ts";
import { hashed } from "./hash.ts";
import { KeyDivision } from "./key-division.ts";
import { hashClient } from "./key-hash.ts";
import { Muting } from "./muting.ts";
import { type ActiveDetector, bindDetectors } from "./plan.ts";
import { RepeatFilter } from "./repeat-filter.ts";
import { chanceOf } from "./sample.ts";
import { Samples } from "./samples.ts";
import { buildTables } from "./tables.ts";
import { takenAtOf } from "./taken-at.ts";
import { stretchMs } from "./tally-form.ts";
import { nameDetectors, nameLanes } from "./tally-plan.ts";
import { TallyStretch } from "./tally-stretch.ts";
import { TallyWriter } from "./tally-writer.ts";

/** Counts that detectors take no part in, such as rows of minutes; they go along with a tally as they are. */
export interface TallyMinutes {
  readonly size: number;
  count(event: AccessEvent): void;
  /** For each part of the keys; and forgets. */
  take(): readonly Uint8Array[];
}

export interface TallyCounterOptions {
  readonly detectors: readonly ActiveDetector[];
  readonly config: DetectConfig;
  /** The source partition whose events these are. */
  readonly partition: string;
  /** How many parts the keys are divided into. */
  readonly parts: number;
  readonly minutes?: TallyMinutes;
  readonly onMuted?: (detector: string, error: string) => void;
}

/** Tables for the plan alone: nothing is counted in them. */
const planRows = 32;
/** Stretches of time that are counted at once; events that are further apart are few. */
const maxOpen = 4;
/** A second of a small shop's lines; lines of one partition come again within seconds. */
const repeatRows = 2 ** 17;
/** Roughly, of an observation and of a key. */
const bytesPerObservation = 8;
const bytesPerKey = 16;

/**
 * Counts the events of one source partition for hand-over to engines that have a part of the keys each. It
 * judges nothing, and forgets what it has handed over: lines that came twice are told for as long as it lives.
 */
export class TallyCounter {
  readonly #options: TallyCounterOptions;
  readonly #cells: CellReading;
  readonly #coverage: Coverage;
  readonly #writer: TallyWriter;
  readonly #repeats = new RepeatFilter(repeatRows);
  /** By cell: where in a stretch the work's keys and log are. */
  readonly #places = new WeakMap<Cell, readonly Place[]>();
  readonly #placeOf: (work: Work) => Place;
  readonly #open: TallyStretch[] = [];
  readonly #free: TallyStretch[] = [];
  readonly #make: () => TallyStretch;
  #newest = 0;
  #observations = 0;
  #serial = 0;

  constructor(options: TallyCounterOptions) {
    this.#options = options;
    const { parts, config, onMuted } = options;
    const tables = buildTables({ config: { ...config, clients: planRows }, ring: new Samples(1) });
    const bound = bindDetectors(options.detectors, tables);
    const spaces = tables.spaces();
    const lanes = nameLanes(spaces, bound);
    // Errors are counted by event time.
    const clock = { monotonic: () => this.#newest };
    this.#cells = new CellReading({ bound, muting: new Muting({ clock, onMuted: onMuted ?? (() => {}) }) });
    this.#coverage = new Coverage(bound);
    this.#make = () => new TallyStretch({ spaces, lanes, parts });
    this.#placeOf = ({ space, lane }) => ({
      keys: spaces.indexOf(space),
      log: lanes.findIndex((one) => one.lane === lane),
    });
    this.#writer = new TallyWriter({
      ...{ partition: options.partition, parts, lanes, spaces, detectors: nameDetectors(bound) },
      division: new KeyDivision(bound, parts),
    });
  }

  /** In bytes, roughly. */
  get size(): number {
    let keys = 0;
    for (const stretch of this.#open) for (const { size } of stretch.keys) keys += size;
    const { size = 0 } = this.#options.minutes ?? {};
    return this.#writer.size + this.#observations * bytesPerObservation + keys * bytesPerKey + size;
  }

  /** Errors thrown by detectors; each was skipped for that detector. */
  get faults(): number {
    return this.#cells.faults;
  }

  /** Counts a batch as a source read it. */
  add(batch: RawBatch, { events, offsets }: Pick<NormalizedBatch, "events" | "offsets">): void {
    this.count({ events, takenAt: takenAtOf(batch, offsets) });
  }

  /** Counts events in their order. */
  count({ events, takenAt }: Pick<EventBatch, "events" | "takenAt">): void {
    const { minutes, parts } = this.#options;
    const writer = this.#writer;
    for (let i = 0; i < events.length; i++) {
      const event = events[i]!;
      const part = partOf(event, parts);
      if (event.time > this.#newest) this.#newest = event.time;
      writer.read(part, Math.min(event.time, takenAt(i) + clockSkewMs));
      minutes?.count(event);
      if (this.#repeats.isRepeat(event)) {
        writer.repeated[part]!++;
        continue;
      }
      const stretch = this.#stretchOf(event.time);
      stretch.facts.see(event);
      if (event.time > stretch.latest) stretch.latest = event.time;
      if (event.enforced) continue;
      const cell = this.#cells.cellOf(event);
      for (const detector of cell.awaiting) this.#coverage.await(detector);
      if (cell.detectors.length === 0) continue;
      stretch.seconds[(part * stretchMs) / 1000 + Math.floor((event.time - stretch.begin) / 1000)]!++;
      this.#observe(stretch, event, cell);
    }
  }

  /** Everything that was counted: for each part of the keys, and for whoever decides on blocks; and forgets it. */
  take(): { readonly parts: readonly Buffer[]; readonly traffic: Buffer } {
    for (const stretch of this.#open.toSorted((a, b) => a.begin - b.begin)) this.#finish(stretch);
    this.#open.length = 0;
    this.#observations = 0;
    return this.#writer.take({ seen: this.#coverage.drain(), minutes: this.#options.minutes?.take() });
  }

  /** As `EventCounting` does, but notes what it finds. */
  #observe(stretch: TallyStretch, event: AccessEvent, given: Cell): void {
    this.#coverage.look(given.detectors, event);
    const cell = this.#cells.read(event, given);
    const { reading } = this.#cells;
    const serial = ++this.#serial;
    const { work } = cell;
    let places = this.#places.get(cell);
    if (places === undefined) this.#places.set(cell, (places = work.map(this.#placeOf)));
    const at = event.time - stretch.begin;
    const number = stretch.events.length;
    let chance: number | undefined;
    let isKnown = false;
    for (let w = 0; w < work.length; w++) {
      if (!reading.take(w)) continue;
      const item = work[w]!;
      const place = places[w]!;
      const key = stretch.keys[place.keys]!.numberOf(event, serial);
      if (key === -1) continue;
      const evidence = reading.evidenceFor(w);
      const isKept = evidence !== 0 && item.lane.judges.keepsSample(evidence, (chance ??= chanceOf(event)));
      if (!isKnown) {
        isKnown = true;
        stretch.events.push(event);
        stretch.sets.push(undefined);
      }
      if (isKept) stretch.sets[number] ??= this.#cells.evidenceOf(cell);
      this.#observations++;
      stretch.logs[place.log]!.add(key, { at, evidence, event: number, isKept }, reading.scratch);
    }
  }

  #stretchOf(time: number): TallyStretch {
    const begin = Math.floor(time / stretchMs) * stretchMs;
    // Nearly always the one that was opened last.
    for (let i = this.#open.length - 1; i >= 0; i--) if (this.#open[i]!.begin === begin) return this.#open[i]!;
    if (this.#open.length === maxOpen) this.#finish(this.#open.shift()!);
    const stretch = this.#free.pop() ?? this.#make();
    stretch.begin = begin;
    this.#open.push(stretch);
    return stretch;
  }

  #finish(stretch: TallyStretch): void {
    this.#writer.stretch(stretch);
    stretch.clear();
    this.#free.push(stretch);
  }
}

interface Place {
  readonly keys: number;
  readonly log: number;
}

/** Each event is said to be counted in one part: that of its client. */
function partOf({ clientKey }: AccessEvent, parts: number): number {
  if (parts === 1 || clientKey === undefined) return 0;
  hashClient(clientKey);
  return hashed.hi % parts;
}
