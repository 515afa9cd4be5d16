import {
  type Baseline,
  baselineConfidences,
  baselineLevels,
  type BaselineMeasure,
  type BaselinePlace,
  placeName,
  unknownBaseline,
} from "./baseline.ts";
import { createWeekClock, hourMs, hoursOfWeek, type WeekClock } from "./hour-of-week.ts";

/** What is usual of one measure at one place: 168 figures each, by hour of the week; plain data. */
export interface BaselineCells {
  readonly median: Float32Array;
  readonly spread: Float32Array;
  readonly samples: Uint16Array;
  /** Places in `baselineLevels` and `baselineConfidences`. */
  readonly level: Uint8Array;
  readonly confidence: Uint8Array;
  /** What the median was when it was first sure, and the hour (since the epoch) that was in: 0 when it was not yet. */
  readonly anchor: Float32Array;
  readonly anchoredAt: Uint32Array;
}

/** All that was learned at one time; plain data, to be saved and told to others. */
export interface BaselineTable {
  /** It holds from this full minute of event time on, epoch ms. */
  readonly holdsFrom: number;
  /** It was learned from the hours before this one, counted from the epoch. */
  readonly learnedTo: number;
  readonly timeZone: string;
  /** By `placeName`. */
  readonly places: ReadonlyMap<string, Partial<Readonly<Record<BaselineMeasure, BaselineCells>>>>;
}

/** Cells of which nothing is known. */
export function emptyCells(): BaselineCells {
  return {
    median: new Float32Array(hoursOfWeek),
    spread: new Float32Array(hoursOfWeek),
    samples: new Uint16Array(hoursOfWeek),
    level: new Uint8Array(hoursOfWeek),
    confidence: new Uint8Array(hoursOfWeek),
    anchor: new Float32Array(hoursOfWeek),
    anchoredAt: new Uint32Array(hoursOfWeek),
  };
}

/** What one hour of the week says, as it was learned. */
export function cellAt(cells: BaselineCells, hourOfWeek: number): Baseline {
  const level = cells.level[hourOfWeek]!;
  if (level === 0) return { ...unknownBaseline, hourOfWeek };
  return {
    known: true,
    median: cells.median[hourOfWeek]!,
    spread: cells.spread[hourOfWeek]!,
    samples: cells.samples[hourOfWeek]!,
    level: baselineLevels[level]!,
    confidence: baselineConfidences[cells.confidence[hourOfWeek]!]!,
    hourOfWeek,
  };
}

/** So that six deviations, which detectors ask for, are more than a leap between two hours. */
const leap = 0.25;

/** Answers questions from one table. */
export class BaselineReader {
  readonly table: BaselineTable;
  readonly #clock: WeekClock;

  constructor(table: BaselineTable) {
    this.table = table;
    this.#clock = createWeekClock(table.timeZone);
  }

  /**
   * What is usual at a moment, epoch ms. What was learned of an hour holds at its middle; between two
   * middles it goes from one to the other in a straight line, since traffic rises before the hour strikes;
   * where it may as well leap, as with a sale that begins on the hour, the spread reaches to both.
   */
  at(measure: BaselineMeasure, place: BaselinePlace, time: number): Baseline {
    return this.named(measure, placeName(place), time);
  }

  /** The same of a place by its name. */
  named(measure: BaselineMeasure, place: string, time: number): Baseline {
    const cells = this.table.places.get(place)?.[measure];
    if (cells === undefined) return unknownBaseline;
    const inWeek = this.#clock(time);
    const here = cellAt(cells, Math.floor(inWeek / hourMs));
    const sinceMiddle = inWeek / hourMs - 0.5;
    const before = cellAt(cells, (Math.floor(sinceMiddle) + hoursOfWeek) % hoursOfWeek);
    const after = cellAt(cells, (Math.floor(sinceMiddle) + 1) % hoursOfWeek);
    if (!here.known || !before.known || !after.known) return here;
    const part = sinceMiddle - Math.floor(sinceMiddle);
    const median = before.median * (1 - part) + after.median * part;
    return {
      ...here,
      median,
      spread: before.spread * (1 - part) + after.spread * part + leap * Math.abs(median - here.median),
      samples: Math.min(before.samples, after.samples),
      level: lower(baselineLevels, before.level, after.level),
      confidence: lower(baselineConfidences, before.confidence, after.confidence),
    };
  }
}

function lower<T>(order: readonly T[], a: T, b: T): T {
  return order.indexOf(a) < order.indexOf(b) ? a : b;
}
