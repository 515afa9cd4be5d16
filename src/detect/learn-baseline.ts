import { baselineLevels } from "./baseline.ts";
import type { PlaceHours } from "./baseline-hours.ts";
import { type BaselineCells, emptyCells } from "./baseline-table.ts";
import { hoursOfWeek } from "./hour-of-week.ts";
import type { LearningWindow } from "./learning-window.ts";
import { lowMedian, robustSpread } from "./robust.ts";

/** The fewest weeks, days and hours that each level is learned from. */
const leastWeeks = 2;
const leastDays = 2;
const leastHours = 12;
/** From so many on, and when they agree, a level is as sure as it gets. */
const sureWeeks = 3;
const sureDays = 7;
/** They agree when so many of them are within this share of their middle: not five weekdays and a weekend. */
const agreeingShare = 0.75;
const agreeing = 0.5;
/** What is usual is never narrower than this share of it: a change by less is nobody's concern. */
const leastSpread = 0.05;

const minutesOfSlice = 10;

/** Those that are learned from hours. */
export const hourMeasures = ["requests", "errors", "limited", "p90Ms"] as const;
type HourMeasure = (typeof hourMeasures)[number];

interface Learned {
  readonly values: readonly number[];
  readonly slots: readonly number[];
  readonly level: (typeof baselineLevels)[number];
}

/**
 * What is usual of one measure at one place, for each hour of the week: the middle one of its weeks,
 * so that fewer than half of them can't move it beyond what the others were. With too few weeks that of
 * the same hour of all days, with too few days that of all hours. Hours with an incident are left out,
 * unless they are most of what there is.
 */
export function learnBaseline(of: PlaceHours, measure: HourMeasure, window: LearningWindow): BaselineCells {
  const cells = emptyCells();
  const figures = of.figures[measure];
  const frozen = window.frozen(of);
  const pick = (slots: readonly number[], level: Learned["level"]): Learned => {
    const present = slots.filter((slot) => !Number.isNaN(figures[slot]));
    const clean = present.filter((slot) => frozen[slot] === 0);
    const used = clean.length * 2 >= present.length ? clean : present;
    return { slots: used, values: used.map((slot) => figures[slot]!), level };
  };
  const byHourOfDay = new Map<number, Learned>();
  const ofDay = (hour: number) => {
    const known = byHourOfDay.get(hour) ?? pick(window.byHourOfDay[hour]!, "hour-of-day");
    byHourOfDay.set(hour, known);
    return known;
  };
  const any = pick(window.all, "all");
  for (let hour = 0; hour < hoursOfWeek; hour++) {
    const ofWeek = pick(window.byHourOfWeek[hour]!, "hour-of-week");
    const learned = [
      { from: ofWeek, least: leastWeeks },
      { from: ofDay(hour % 24), least: leastDays },
      { from: any, least: leastHours },
    ].find(({ from, least }) => from.values.length >= least)?.from;
    if (learned)
      fill(cells, hour, { learned, within: measure === "requests" ? of.figures.within : undefined, measure });
  }
  return cells;
}

function fill(
  cells: BaselineCells,
  hour: number,
  by: { learned: Learned; within: Float32Array | undefined; measure: HourMeasure },
): void {
  const { values, slots, level } = by.learned;
  const median = lowMedian(values);
  const among = robustSpread(values, median);
  const within = by.within === undefined ? 0 : lowMedian(slots.map((slot) => by.within![slot]!));
  cells.median[hour] = median;
  cells.spread[hour] = Math.max(among, within, leastSpread * median, chance(by.measure, median));
  cells.samples[hour] = values.length;
  cells.level[hour] = baselineLevels.indexOf(level);
  cells.confidence[hour] = confidenceOf(by.learned, median);
}

/** A place in `baselineConfidences`. */
function confidenceOf({ level, values }: Learned, median: number): number {
  const near = values.filter((value) => Math.abs(value - median) <= agreeing * median);
  const agree = near.length >= agreeingShare * values.length;
  if (level === "hour-of-week") return values.length >= sureWeeks && agree ? 2 : 1;
  return level === "hour-of-day" && values.length >= sureDays && agree ? 1 : 0;
}

/** How far from it chance alone takes ten minutes: the root of what is counted in them. */
function chance(measure: HourMeasure, median: number): number {
  if (measure === "requests") return Math.sqrt(Math.max(1, median * minutesOfSlice)) / minutesOfSlice;
  return measure === "p90Ms" ? 1 : 0.005;
}
