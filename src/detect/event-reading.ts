import type { AccessEvent } from "../normalize/access-event.ts";
import { always, type Cell } from "./cells.ts";
import { type CellProgram, compileCell, type Outcome } from "./compile-cell.ts";
import { Scratch } from "./slot.ts";

/** What one event means to the counters of its cell: each predicate is asked once, and each value taken once. */
export class EventReading {
  /** What the lane at hand counts of it. */
  readonly scratch = new Scratch();
  readonly #outcome: Outcome = outcomeFor(64);
  #cell: Cell | undefined;
  #program!: CellProgram;

  /** Asks everything of an event. Throws what a detector's own functions throw. */
  read(event: AccessEvent, cell: Cell): void {
    if (cell !== this.#cell) this.#use(cell);
    this.#program.read(event, this.#outcome);
  }

  has(test: number): boolean {
    return test === always || this.#outcome.passed[test] === 1;
  }

  /** Fills the scratch for the lane of one piece of work; false when nothing of it matches. */
  take(w: number): boolean {
    const mask = this.#outcome.masks[w]!;
    if (mask === 0) return false;
    this.scratch.mask = mask;
    this.#program.fill[w]!(this.scratch, this.#outcome);
    return true;
  }

  /** By bit: which of the lane's detectors have it for evidence. */
  evidenceFor(w: number): number {
    return this.#outcome.evidence[w]!;
  }

  #use(cell: Cell): void {
    const program = (cell.program ??= compileCell(cell));
    const most = Math.max(cell.tests.length, cell.values.length, cell.work.length);
    if (most > this.#outcome.passed.length) Object.assign(this.#outcome, outcomeFor(2 * most));
    this.#cell = cell;
    this.#program = program;
  }
}

// helpers

function outcomeFor(places: number): Outcome {
  return {
    passed: new Uint8Array(places),
    masks: new Int32Array(places),
    evidence: new Int32Array(places),
    numbers: new Float64Array(places),
    lists: Array.from<Outcome["lists"][number]>({ length: places }),
  };
}
