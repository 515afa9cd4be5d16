import type { AccessEvent } from "../normalize/access-event.ts";
import { always, type Cell, type Work } from "./cells.ts";
import { Scratch, slotValue, type SlotValue } from "./slot.ts";

/** What one event means to the counters of its cell: each predicate is asked once, and each value taken once. */
export class EventReading {
  /** What the lane at hand counts of it. */
  readonly scratch = new Scratch();
  #cell!: Cell;
  #passed = new Uint8Array(64);
  #values: (SlotValue | undefined)[] = [];
  /** By work: the bits of the slots that match. */
  #masks = new Uint32Array(64);

  /** Asks everything of an event. Throws what a detector's own functions throw. */
  read(event: AccessEvent, cell: Cell): void {
    this.#cell = cell;
    const { tests, values, work } = cell;
    if (tests.length > this.#passed.length) this.#passed = new Uint8Array(tests.length);
    if (work.length > this.#masks.length) this.#masks = new Uint32Array(work.length);
    for (let i = 0; i < tests.length; i++) this.#passed[i] = tests[i]!(event) ? 1 : 0;
    const taken = this.#values;
    for (let i = 0; i < values.length; i++) taken[i] = unasked;
    for (let w = 0; w < work.length; w++) {
      const { slots } = work[w]!;
      let mask = 0;
      for (let s = 0; s < slots.length; s++) {
        const { slot, test, value } = slots[s]!;
        if (test !== always && this.#passed[test] === 0) continue;
        if (value !== always) {
          if (taken[value] === unasked) taken[value] = slotValue(values[value]!, event);
          if (taken[value] === undefined) continue;
        }
        mask |= slot.bit;
      }
      this.#masks[w] = mask;
    }
  }

  has(test: number): boolean {
    return test === always || this.#passed[test] === 1;
  }

  /** Fills the scratch for the lane of one piece of work; false when nothing of it matches. */
  take(w: number): boolean {
    const { scratch } = this;
    scratch.mask = 0;
    const mask = this.#masks[w]!;
    if (mask === 0) return false;
    const { slots } = this.#cell.work[w]!;
    for (let s = 0; s < slots.length; s++) {
      const { slot, value } = slots[s]!;
      if ((mask & slot.bit) === 0) continue;
      if (value === always) scratch.mask |= slot.bit;
      else scratch.put(slot, this.#values[value]!);
    }
    return true;
  }

  /** By bit: which of the lane's detectors have it for evidence. */
  evidenceFor({ judges }: Work): number {
    let evidence = 0;
    for (let i = 0; i < judges.length; i++) if (this.has(judges[i]!.test)) evidence |= judges[i]!.bit;
    return evidence;
  }
}

/** No value of an event is it: such a list is never finite. */
const unasked: SlotValue = [];
