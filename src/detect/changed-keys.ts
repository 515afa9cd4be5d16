import type { AccessEvent } from "../normalize/access-event.ts";
import type { BoundDetector } from "./plan.ts";

/** A key that an event may have made a detector fire on. */
export interface ChangedKey {
  readonly row: number;
  /** The latest of its events. */
  readonly event: Pick<AccessEvent, "time">;
}

/** The keys that may fire since they were last judged on change, each once for a detector. */
export class ChangedKeys {
  /** What holds others back comes first. */
  readonly #order: readonly BoundDetector[];
  /** By detector's number, then row. */
  readonly #events: readonly Map<number, ChangedKey["event"]>[];
  #isEmpty = true;

  constructor(bound: readonly BoundDetector[]) {
    this.#order = bound.toSorted((a, b) => a.rank - b.rank);
    this.#events = bound.map(() => new Map());
  }

  /** Detectors that are judged on complete buckets alone take no part. */
  note({ index, active }: BoundDetector, { row, event }: ChangedKey): void {
    if (active.definition.onChange === false) return;
    this.#isEmpty = false;
    const events = this.#events[index]!;
    const known = events.get(row);
    if (known === undefined || event.time >= known.time) events.set(row, event);
  }

  /** Hands over all of them, and forgets them. */
  take(judge: (detector: BoundDetector, at: ChangedKey) => void): void {
    if (this.#isEmpty) return;
    this.#isEmpty = true;
    for (const detector of this.#order) {
      const events = this.#events[detector.index]!;
      for (const [row, event] of events) judge(detector, { row, event });
      events.clear();
    }
  }
}
