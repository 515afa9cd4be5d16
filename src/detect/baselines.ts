import { type Baseline, type BaselineMeasure, type BaselinePlace, unknownBaseline } from "./baseline.ts";
import { BaselineReader, type BaselineTable, cellAt } from "./baseline-table.ts";
import { hoursOfWeek } from "./hour-of-week.ts";

/**
 * What is usual, as learned: tables that each hold from a stated minute of event time on, so that
 * whoever judges the events of a minute, again or elsewhere, compares them with the same figures.
 */
export class Baselines {
  /** The one that held before the newest is kept: events of before a restart are judged by it again. */
  #readers: BaselineReader[] = [];
  #tick = 0;
  #current: BaselineReader | undefined;

  /** A table that is to hold from its `holdsFrom` on, which lies after every tick so far. */
  publish(table: BaselineTable): void {
    this.#readers = [...this.#readers, new BaselineReader(table)].slice(-2);
  }

  /** From now on it is this full minute of event time, epoch ms. */
  settle(tick: number): void {
    this.#tick = tick;
    this.#current = this.#readers.findLast(({ table }) => table.holdsFrom <= tick);
  }

  /** What is usual at a place, in a window of this length that ends now. */
  at(measure: BaselineMeasure, place: BaselinePlace, windowMs: number): Baseline {
    return this.#current?.at(measure, place, this.#tick - windowMs / 2) ?? unknownBaseline;
  }

  /** What is usual at this moment at each place, of one measure, by `placeName`. */
  now(measure: BaselineMeasure): readonly (readonly [place: string, usual: Baseline])[] {
    const reader = this.#current;
    if (reader === undefined) return [];
    const all = [...reader.table.places.keys()].map((name) => [name, reader.named(measure, name, this.#tick)] as const);
    return all.filter(([, { known }]) => known);
  }

  /** What is usual at a place in each hour of the week, Monday at midnight first; `undefined` where nothing is known. */
  week(measure: BaselineMeasure, place: string): readonly Baseline[] | undefined {
    const cells = this.#current?.table.places.get(place)?.[measure];
    return cells && Array.from({ length: hoursOfWeek }, (_, hour) => cellAt(cells, hour));
  }

  /** At how many places it is settled at some hour what is usual of one of these. */
  settledPlaces(measures: readonly BaselineMeasure[]): number {
    const places = [...(this.#current?.table.places.values() ?? [])];
    return places.filter((by) => measures.some((measure) => by[measure]?.confidence.some((sure) => sure > 0))).length;
  }

  /** The table that holds now, and the newest of all. */
  get current(): BaselineTable | undefined {
    return this.#current?.table;
  }

  get newest(): BaselineTable | undefined {
    return this.#readers.at(-1)?.table;
  }

  /** Plain data, the newest last. */
  save(): readonly BaselineTable[] {
    return this.#readers.map(({ table }) => table);
  }

  load(saved: readonly BaselineTable[]): void {
    this.#readers = saved.map((table) => new BaselineReader(table));
    this.settle(this.#tick);
  }
}
