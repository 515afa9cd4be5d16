import { BaselineHours, type HourFigures, type PlaceHour } from "../../src/detect/baseline-hours.ts";
import type { BaselinePlace } from "../../src/detect/baseline.ts";

/** A Monday at midnight, UTC, counted in hours from the epoch. */
export const mondayHour = Date.UTC(2026, 6, 27) / 3_600_000;

export const loginRoute: BaselinePlace = { route: "/api/login" };

/** So many requests a minute, none of them failing, all fast. */
export function figures(requests: number, more: Partial<HourFigures> = {}): HourFigures {
  return { requests, within: 0, errors: 0, limited: 0, p90Ms: 100, ...more };
}

/** Hours of a site with one login route: what each hour after `mondayHour` had there; `undefined`: nothing was recorded. */
export function someHours(
  count: number,
  of: (hour: number) => HourFigures | undefined,
  { weeks = 4, site }: { weeks?: number; site?: (hour: number) => number } = {},
): { hours: BaselineHours; to: number } {
  const hours = new BaselineHours(weeks);
  for (let i = 0; i < count; i++) {
    const had = of(i);
    const all: PlaceHour[] = had
      ? [
          { place: {}, endpointClass: undefined, ...figures(site?.(i) ?? 1000) },
          { place: loginRoute, endpointClass: "login", ...had },
        ]
      : [];
    hours.add(mondayHour + i, all);
  }
  return { hours, to: mondayHour + count };
}

/** Traffic of a shop by the hour of the day: least at four in the morning, most in the afternoon. */
export function daily(hour: number): number {
  return 200 - 150 * Math.cos(((hour - 4) * Math.PI) / 12);
}
