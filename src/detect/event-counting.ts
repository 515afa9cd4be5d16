import type { AccessEvent } from "../normalize/access-event.ts";
import { always, type Cell, cellOf, indexDetectors } from "./cells.ts";
import type { Coverage } from "./coverage.ts";
import { type DetectorSet, DetectorSets } from "./detector-sets.ts";
import { EventReading } from "./event-reading.ts";
import type { Muting } from "./muting.ts";
import type { ActiveDetector, BoundDetector } from "./plan.ts";
import { chanceOf, contentHash, evidenceOf, type Sample } from "./sample.ts";
import { slotValue } from "./slot.ts";
import { kindNumber } from "./where.ts";

/** Counts events for every detector that looks at them, and takes out those that throw. */
export class EventCounting {
  /** Errors thrown by detectors; each was skipped for that detector. */
  faults = 0;
  /** Number of the event counted last; rows are looked up once for each. */
  serial = 0;
  /** The detectors that the event counted last may have made fire. */
  readonly ready: BoundDetector[] = [];
  readonly #bound: readonly BoundDetector[];
  readonly #muting: Muting;
  readonly #coverage: Coverage;
  /** By `kindNumber`: for methods that a `where` names, and for all others. */
  readonly #cellsOf = new Map<string, readonly Cell[]>();
  #cells: readonly Cell[] = [];
  readonly #reading = new EventReading();
  readonly #sets = new DetectorSets();

  constructor(options: { bound: readonly BoundDetector[]; muting: Muting; coverage: Coverage }) {
    this.#bound = options.bound;
    this.#muting = options.muting;
    this.#coverage = options.coverage;
    this.#index();
  }

  /** What an event of this kind means. */
  cellOf(event: AccessEvent): Cell {
    const cells = this.#cellsOf.size === 0 ? this.#cells : (this.#cellsOf.get(event.method) ?? this.#cells);
    return cells[kindNumber(event)]!;
  }

  /** Counts an event for everything its cell names, and fills `ready`. */
  observe(event: AccessEvent, given: Cell, sealedUntil: number): void {
    this.ready.length = 0;
    this.#coverage.look(given.detectors, event);
    const cell = this.#read(event, given);
    const reading = this.#reading;
    const serial = ++this.serial;
    const { work } = cell;
    const { time } = event;
    let sample: Sample | undefined;
    // Of most events nobody needs to know the content.
    let content: number | undefined;
    let chance: number | undefined;
    for (let w = 0; w < work.length; w++) {
      if (!reading.take(w)) continue;
      const item = work[w]!;
      const { space, lane, firsts } = item;
      const row = space.rowOf(event, serial);
      if (row === -1) continue;
      const evidence = reading.evidenceFor(item);
      const isKept =
        evidence !== 0 &&
        lane.judges.keepsSample(evidence, (chance ??= chanceOf(event))) &&
        lane.wantsSample(row, time);
      if (isKept || lane.isOrdered) content ??= contentHash(event);
      if (isKept) sample ??= this.#sampleOf(event, cell, content!);
      const observed = { time, hash: content ?? 0, evidence, sample: isKept ? sample : undefined };
      const ready = lane.observe(row, observed, reading.scratch, sealedUntil);
      if (lane.lastHot === row) space.remember(row, event);
      for (let left = ready; left !== 0; left &= left - 1) {
        this.ready.push(this.#bound[lane.judges.indexes[31 - Math.clz32(left & -left)]!]!);
      }
      for (const { firsts: seen, bit, at } of firsts) {
        if ((reading.scratch.mask & bit) !== 0)
          seen!.see({ keys: space.table, row }, reading.scratch.values[at]!, time);
      }
    }
  }

  /** A detector threw; when it keeps doing so, it is muted and looks at nothing any more. */
  threw(active: ActiveDetector, error: unknown): void {
    const { id } = active.definition;
    const wasMuted = this.#muting.isMuted(id);
    this.faults++;
    this.#muting.threw(id, error);
    if (this.#muting.isMuted(id) !== wasMuted) this.#index();
  }

  /** Asks the event everything; answers what it means to those detectors that did not throw at it. */
  #read(event: AccessEvent, cell: Cell): Cell {
    try {
      this.#reading.read(event, cell);
      return cell;
    } catch {
      const rest = cellOf(
        cell.detectors.filter((detector) => this.#bears(detector, event)),
        { awaiting: cell.awaiting, kind: event },
      );
      this.#reading.read(event, rest);
      return rest;
    }
  }

  /** Whether a detector can be asked about an event without throwing. */
  #bears({ active, counters }: BoundDetector, event: AccessEvent): boolean {
    try {
      active.definition.evidence?.(event);
      for (const { slot } of counters) if (slot.counter.if?.(event) ?? true) slotValue(slot.counter, event);
      return true;
    } catch (error) {
      this.threw(active, error);
      return false;
    }
  }

  #sampleOf(event: AccessEvent, cell: Cell, hash: number): Sample {
    return {
      time: event.time,
      hash,
      detectors: this.#evidenceOf(cell),
      owner: event.owner,
      event: evidenceOf(event),
    };
  }

  /** For which of the detectors the event is evidence. */
  #evidenceOf(cell: Cell): DetectorSet {
    this.#sets.begin();
    for (const { detector, test } of cell.evidence) {
      if (test === always || this.#reading.has(test)) this.#sets.add(detector.index);
    }
    return this.#sets.get();
  }

  /** Muted detectors are left out: what only they count costs nothing more. */
  #index(): void {
    const bound = this.#bound.filter(({ active }) => !this.#muting.isMuted(active.definition.id));
    const methods = new Set(bound.flatMap(({ active }) => active.definition.where.method ?? []));
    this.#cells = indexDetectors(bound);
    this.#cellsOf.clear();
    for (const method of methods) this.#cellsOf.set(method, indexDetectors(bound, method));
  }
}
