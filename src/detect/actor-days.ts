import type { EndpointClass } from "../normalize/access-event.ts";
import { type BaselineCells, emptyCells } from "./baseline-table.ts";
import { baselineConfidences, baselineLevels } from "./baseline.ts";
import { lowMedian, robustSpread } from "./robust.ts";

/** From so many days on it is known well, if they agree; from so many on it is known at all. */
const sureDays = 7;
const leastDays = 3;
const agreeing = 0.5;

/** What 99 of 100 users or keys stayed below within ten minutes, in each class of endpoints and each of the last days. */
export class ActorDays {
  readonly #keep: number;
  /** By class and day, counted from the epoch. */
  readonly #most = new Map<EndpointClass, Map<number, number>>();

  /** `keep`: days. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Takes in a day; classes with too few actors are absent. */
  add(day: number, most: ReadonlyMap<EndpointClass, number>): void {
    for (const [endpointClass, figure] of most) {
      const days = this.#most.get(endpointClass) ?? new Map<number, number>();
      this.#most.set(endpointClass, days.set(day, figure));
    }
    for (const days of this.#most.values()) {
      for (const known of days.keys()) if (known <= day - this.#keep) days.delete(known);
    }
  }

  get classes(): readonly EndpointClass[] {
    return [...this.#most.keys()];
  }

  /** The same at every hour: the middle one of the days; `undefined` when there is none. */
  learn(endpointClass: EndpointClass): BaselineCells | undefined {
    const days = [...(this.#most.get(endpointClass)?.values() ?? [])];
    if (days.length === 0) return undefined;
    const median = lowMedian(days);
    const agree = days.filter((day) => Math.abs(day - median) <= agreeing * median).length * 4 >= days.length * 3;
    const sure = days.length >= sureDays && agree ? "high" : days.length >= leastDays ? "medium" : "low";
    const cells = emptyCells();
    cells.median.fill(median);
    cells.spread.fill(Math.max(1, robustSpread(days, median)));
    cells.samples.fill(days.length);
    cells.level.fill(baselineLevels.indexOf("days"));
    cells.confidence.fill(baselineConfidences.indexOf(sure));
    return cells;
  }
}
