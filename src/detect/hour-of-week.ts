import { offsetReader } from "../normalize/time-zone.ts";

export const hourMs = 3_600_000;
export const hoursOfWeek = 168;
const weekMs = hoursOfWeek * hourMs;
/** The epoch began on a Thursday. */
const mondayShiftMs = 72 * hourMs;
/** Clocks are changed at quarters of an hour. */
const blockMs = 900_000;

/** Milliseconds since Monday at midnight, by a zone's clock, at a moment (epoch ms). */
export type WeekClock = (time: number) => number;

/** Throws a `RangeError` for a zone that does not exist. */
export function createWeekClock(timeZone: string): WeekClock {
  const offsetAt = timeZone === "UTC" ? () => 0 : offsetReader(timeZone);
  let block = NaN;
  let offset = 0;
  return (time) => {
    const at = Math.floor(time / blockMs);
    if (at !== block) offset = offsetAt((block = at) * blockMs);
    return (((time + offset + mondayShiftMs) % weekMs) + weekMs) % weekMs;
  };
}
