import type { AccessEvent } from "../normalize/access-event.ts";
import type { Cell } from "./cells.ts";
import { CellReading } from "./cell-reading.ts";
import type { Coverage } from "./coverage.ts";
import type { Muting } from "./muting.ts";
import type { ActiveDetector, BoundDetector } from "./plan.ts";
import { chanceOf, contentHash, evidenceOf, type Sample } from "./sample.ts";

/** Counts events for every detector that looks at them. */
export class EventCounting {
  /** Number of the event counted last; rows are looked up once for each. */
  serial = 0;
  /** The detectors that the event counted last may have made fire. */
  readonly ready: BoundDetector[] = [];
  readonly #bound: readonly BoundDetector[];
  readonly #coverage: Coverage;
  readonly #cells: CellReading;

  constructor(options: { bound: readonly BoundDetector[]; muting: Muting; coverage: Coverage }) {
    this.#bound = options.bound;
    this.#coverage = options.coverage;
    this.#cells = new CellReading(options);
  }

  /** Errors thrown by detectors; each was skipped for that detector. */
  get faults(): number {
    return this.#cells.faults;
  }

  /** What an event of this kind means. */
  cellOf(event: AccessEvent): Cell {
    return this.#cells.cellOf(event);
  }

  /** Counts an event for everything its cell names, and fills `ready`. */
  observe(event: AccessEvent, given: Cell, sealedUntil: number): void {
    this.ready.length = 0;
    this.#coverage.look(given.detectors, event);
    const cell = this.#cells.read(event, given);
    const { reading } = this.#cells;
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
      const evidence = reading.evidenceFor(w);
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
    this.#cells.threw(active, error);
  }

  #sampleOf(event: AccessEvent, cell: Cell, hash: number): Sample {
    return {
      time: event.time,
      hash,
      detectors: this.#cells.evidenceOf(cell),
      owner: event.owner,
      event: evidenceOf(event),
    };
  }
}
