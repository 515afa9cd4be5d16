import type { AccessEvent } from "../normalize/access-event.ts";
import { always, type Cell, cellOf, indexDetectors } from "./cells.ts";
import { type DetectorSet, DetectorSets } from "./detector-sets.ts";
import { EventReading } from "./event-reading.ts";
import type { Muting } from "./muting.ts";
import type { ActiveDetector, BoundDetector } from "./plan.ts";
import { slotValue } from "./slot.ts";
import { kindNumber } from "./where.ts";

/** Asks events what they mean to every detector that looks at them, and takes out those that throw. */
export class CellReading {
  /** Errors thrown by detectors; each was skipped for that detector. */
  faults = 0;
  /** What the event read last means to the counters. */
  readonly reading = new EventReading();
  readonly #bound: readonly BoundDetector[];
  readonly #muting: Muting;
  /** By `kindNumber`: for methods that a `where` names, and for all others. */
  readonly #cellsOf = new Map<string, readonly Cell[]>();
  #cells: readonly Cell[] = [];
  readonly #sets = new DetectorSets();

  constructor(options: { bound: readonly BoundDetector[]; muting: Muting }) {
    this.#bound = options.bound;
    this.#muting = options.muting;
    this.#index();
  }

  /** What an event of this kind means. */
  cellOf(event: AccessEvent): Cell {
    const cells = this.#cellsOf.size === 0 ? this.#cells : (this.#cellsOf.get(event.method) ?? this.#cells);
    return cells[kindNumber(event)]!;
  }

  /** Asks the event everything; answers what it means to those detectors that did not throw at it. */
  read(event: AccessEvent, cell: Cell): Cell {
    try {
      this.reading.read(event, cell);
      return cell;
    } catch {
      const rest = cellOf(
        cell.detectors.filter((detector) => this.#bears(detector, event)),
        { awaiting: cell.awaiting, kind: event },
      );
      this.reading.read(event, rest);
      return rest;
    }
  }

  /** For which of the detectors the event that was read last is evidence. */
  evidenceOf(cell: Cell): DetectorSet {
    this.#sets.begin();
    for (const { detector, test } of cell.evidence) {
      if (test === always || this.reading.has(test)) this.#sets.add(detector.index);
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

  /** Muted detectors are left out: what only they count costs nothing more. */
  #index(): void {
    const bound = this.#bound.filter(({ active }) => !this.#muting.isMuted(active.definition.id));
    const methods = new Set(bound.flatMap(({ active }) => active.definition.where.method ?? []));
    this.#cells = indexDetectors(bound);
    this.#cellsOf.clear();
    for (const method of methods) this.#cellsOf.set(method, indexDetectors(bound, method));
  }
}
