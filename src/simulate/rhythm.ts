const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How busy a shop is at each local hour, for working days and weekends; about 1 on average. */
const workday = [
  0.35, 0.22, 0.15, 0.12, 0.14, 0.25, 0.5, 0.8, 1.0, 1.1, 1.15, 1.2, 1.3, 1.25, 1.15, 1.1, 1.15, 1.3, 1.5, 1.75, 1.9,
  1.75, 1.2, 0.7,
] as const; // prettier-ignore
const weekend = [
  0.5, 0.32, 0.2, 0.14, 0.12, 0.15, 0.28, 0.5, 0.85, 1.2, 1.45, 1.5, 1.4, 1.4, 1.45, 1.5, 1.5, 1.55, 1.65, 1.8, 1.85,
  1.65, 1.15, 0.75,
] as const; // prettier-ignore

/** What the shop's clock shows, in central Europe: summer time from the last Sunday of March to that of October, 01:00 UTC. */
export function localTime(time: number): { readonly hour: number; readonly isWeekend: boolean } {
  const local = time + (isSummer(time) ? 2 : 1) * hourMs;
  // 1 January 1970 was a Thursday.
  const weekday = (Math.floor(local / dayMs) + 4) % 7;
  return { hour: (local % dayMs) / hourMs, isWeekend: weekday === 0 || weekday === 6 };
}

/** How much of the usual traffic there is at this time. */
export function activity(time: number): number {
  const { hour, isWeekend } = localTime(time);
  const hours = isWeekend ? weekend : workday;
  const from = Math.floor(hour);
  const low = hours[from] as number;
  return low + (hour - from) * ((hours[(from + 1) % 24] as number) - low);
}

/** The average of `activity` from one time to another. */
export function meanActivity(start: number, end: number): number {
  const points = 200;
  let sum = 0;
  for (let i = 0; i < points; i++) sum += activity(start + ((i + 0.5) / points) * (end - start));
  return sum / points;
}

export function isBusinessHours(time: number): boolean {
  const { hour, isWeekend } = localTime(time);
  return !isWeekend && hour >= 8 && hour < 18;
}

// helpers

function isSummer(time: number): boolean {
  const year = new Date(time).getUTCFullYear();
  return time >= lastSunday(year, 2) && time < lastSunday(year, 9);
}

/** 01:00 UTC on the last Sunday of a month of 31 days. */
function lastSunday(year: number, month: number): number {
  const last = Date.UTC(year, month, 31, 1);
  return last - new Date(last).getUTCDay() * dayMs;
}
