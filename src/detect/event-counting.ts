import type { AccessEvent } from "../normalize/access-event.ts";
import type { Coverage } from "./coverage.ts";
import { type DetectorSet, DetectorSets } from "./detector-sets.ts";
import type { Muting } from "./muting.ts";
import { indexDetectors, type ActiveDetector, type BoundDetector, type Cell } from "./plan.ts";
import { contentHash, evidenceOf, type Sample } from "./sample.ts";
import { Scratch, type Slot } from "./slot.ts";
import { kindNumber } from "./where.ts";

/** Counts events for every detector that looks at them, and takes out those that throw. */
export class EventCounting {
  /** Errors thrown by detectors; each was skipped for that detector. */
  faults = 0;
  /** Number of the event counted last; rows are looked up once for each. */
  serial = 0;
  readonly #bound: readonly BoundDetector[];
  readonly #muting: Muting;
  readonly #coverage: Coverage;
  /** By `kindNumber`: for methods that a `where` names, and for all others. */
  readonly #cellsOf = new Map<string, readonly Cell[]>();
  #cells: readonly Cell[] = [];
  readonly #scratch = new Scratch();
  readonly #sets = new DetectorSets();
  /** Those that look at the event at hand; fewer than its cell has when one of them threw. */
  #looking: readonly BoundDetector[] = [];

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

  /** Counts an event for everything its cell names; answers whose evidence it is. */
  observe(event: AccessEvent, cell: Cell, sealedUntil: number): DetectorSet {
    const serial = ++this.serial;
    this.#looking = cell.detectors;
    for (const detector of cell.detectors) this.#coverage.look(detector, event);
    const evidence = this.#evidenceFor(event, cell.detectors);
    const hash = contentHash(event);
    let sample: Sample | undefined;
    for (const { space, lane, slots, firsts } of cell.work) {
      if (!this.#evaluate(event, slots, cell)) continue;
      const row = space.rowOf(event, serial);
      if (row === -1) continue;
      // Whose evidence it is by other keys or windows doesn't matter here.
      const isEvidence = lane.isJudgedFor(evidence);
      if (isEvidence && lane.wantsSample(row, event.time)) {
        sample ??= { time: event.time, hash, detectors: evidence, owner: event.owner, event: evidenceOf(event) };
      }
      const observed = { time: event.time, hash, sample: isEvidence ? sample : undefined, evidence };
      lane.observe(row, observed, this.#scratch, { sealedUntil });
      for (const { firsts: seen, bit, at } of firsts) {
        if ((this.#scratch.mask & bit) !== 0)
          seen!.see({ keys: space.table, row }, this.#scratch.values[at]!, event.time);
      }
    }
    if (this.#looking === cell.detectors) return evidence;
    return evidence.filter((index) => this.#looking.some((detector) => detector.index === index));
  }

  /**
   * Fills the scratch with what the event means to a lane. A counter that throws takes its detectors
   * out of those that look at this event, and the counters that only they own.
   */
  #evaluate(event: AccessEvent, slots: readonly Slot[], cell: Cell): boolean {
    const scratch = this.#scratch;
    scratch.mask = 0;
    for (const slot of slots) {
      if (this.#looking !== cell.detectors && !this.#isWanted(slot)) continue;
      try {
        scratch.evaluate(slot, event);
      } catch (error) {
        const [failing, rest] = [true, false].map((owns) =>
          this.#looking.filter(({ index }) => slot.owners.has(index) === owns),
        );
        this.#looking = rest!;
        for (const { active } of failing!) this.threw(active, error);
      }
    }
    if (this.#looking !== cell.detectors)
      for (const slot of slots) if (!this.#isWanted(slot)) scratch.mask &= ~slot.bit;
    return scratch.mask !== 0;
  }

  #isWanted(slot: Slot): boolean {
    return this.#looking.some(({ index }) => slot.owners.has(index));
  }

  /** For which of the detectors the event is evidence. */
  #evidenceFor(event: AccessEvent, looking: readonly BoundDetector[]): DetectorSet {
    this.#sets.begin();
    for (const { index, active } of looking) {
      const { evidence } = active.definition;
      try {
        if (evidence === undefined || evidence(event)) this.#sets.add(index);
      } catch (error) {
        this.threw(active, error);
      }
    }
    return this.#sets.get();
  }

  /** A detector threw; when it keeps doing so, it is muted and looks at nothing any more. */
  threw(active: ActiveDetector, error: unknown): void {
    const { id } = active.definition;
    const wasMuted = this.#muting.isMuted(id);
    this.faults++;
    this.#muting.threw(id, error);
    if (this.#muting.isMuted(id) !== wasMuted) this.#index();
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
