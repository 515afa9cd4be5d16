import { baselineLevels, type BaselineMeasure } from "./baseline.ts";
import type { BaselineCells } from "./baseline-table.ts";
import { hoursOfWeek } from "./hour-of-week.ts";

/** The levels that are held, weeks and whole days: what is learned from less is another question each time. */
const heldLevels: readonly number[] = [baselineLevels.indexOf("hour-of-week"), baselineLevels.indexOf("days")];

/** However slowly it rises: within a quarter of a year to no more than this many times what it was. */
const ceiling = 3;
const ceilingWeeks = 13;

/** What may be added in a week beside the share, so that what was nothing can become something. */
const slack: Readonly<Record<BaselineMeasure, number>> = {
  requests: 1,
  errors: 0.005,
  limited: 0.005,
  p90Ms: 20,
  perActor: 5,
};

/**
 * Holds what was learned to what was known before: in a week it moves by no more than the share
 * `growth`, and in a quarter to no more than three times what it was. Who raises traffic a little each
 * day teaches no more than that. Changes `next`.
 */
export function capBaseline(
  next: BaselineCells,
  former: BaselineCells | undefined,
  by: { readonly measure: BaselineMeasure; readonly growth: number; readonly from: number; readonly to: number },
): void {
  const weeks = Math.max(0, by.to - by.from) / hoursOfWeek;
  const times = (1 + by.growth) ** weeks;
  const more = slack[by.measure] * weeks;
  for (let hour = 0; hour < hoursOfWeek; hour++) {
    const isSettled = heldLevels.includes(next.level[hour]!);
    const isHeld = isSettled && former?.level[hour] === next.level[hour];
    if (former && isHeld) {
      const was = former.median[hour]!;
      next.median[hour] = Math.min(was * times + more, Math.max((was - more) / times, next.median[hour]!));
      next.spread[hour] = Math.min(former.spread[hour]! * times + more, next.spread[hour]!);
    }
    const anchoredAt = former?.anchoredAt[hour] ?? 0;
    const most = ceiling * (former?.anchor[hour] ?? 0) + slack[by.measure] * ceilingWeeks;
    if (isHeld && anchoredAt > 0) next.median[hour] = Math.min(most, next.median[hour]!);
    if (former && anchoredAt > 0 && by.to - anchoredAt < ceilingWeeks * hoursOfWeek) {
      next.anchor[hour] = former.anchor[hour]!;
      next.anchoredAt[hour] = anchoredAt;
    } else if (isSettled) {
      next.anchor[hour] = next.median[hour]!;
      next.anchoredAt[hour] = by.to;
    }
  }
}
