import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BaselineHours, HourFigures } from "../../src/detect/baseline-hours.ts";
import { cellAt } from "../../src/detect/baseline-table.ts";
import { hoursOfWeek } from "../../src/detect/hour-of-week.ts";
import { type hourMeasures, learnBaseline } from "../../src/detect/learn-baseline.ts";
import { type Freeze, LearningWindow } from "../../src/detect/learning-window.ts";
import { daily, figures, mondayHour, someHours } from "../support/baseline-weeks.ts";

const day = 24;
const hourMs = 3_600_000;

/** What is usual on the login route at an hour of the week, as learned from these hours. */
function usual(
  { hours, to }: { hours: BaselineHours; to: number },
  at: { hourOfWeek: number; of?: (typeof hourMeasures)[number]; freezes?: readonly Freeze[]; timeZone?: string },
) {
  const window = new LearningWindow(hours, { to, timeZone: at.timeZone ?? "UTC", freezes: at.freezes ?? [] });
  return cellAt(learnBaseline(hours.places.get("route /api/login")!, at.of ?? "requests", window), at.hourOfWeek);
}

/** Tuesday, 10:00. */
const hourOfWeek = day + 10;
const inWeek = (week: number, hour = hourOfWeek) => week * hoursOfWeek + hour;

describe("a cold start", () => {
  test.for<[string, number, object]>([
    ["eleven hours", 11, { known: false, level: "unknown" }],
    ["twelve hours: all of them are taken together", 12, { level: "all", samples: 12, confidence: "low" }],
    ["two days: the same hour of both", 2 * day, { level: "hour-of-day", samples: 2, confidence: "low" }],
    [
      "seven days",
      7 * day,
      { level: "hour-of-day", samples: 7, confidence: "medium", median: expect.closeTo(daily(10), 3) },
    ],
    ["two weeks: the same hour of both", 14 * day, { level: "hour-of-week", samples: 2, confidence: "medium" }],
    [
      "three weeks",
      21 * day,
      { level: "hour-of-week", samples: 3, confidence: "high", median: expect.closeTo(daily(10), 3) },
    ],
    ["four weeks", 28 * day, { level: "hour-of-week", samples: 4, confidence: "high" }],
  ])("%s", ([, count, expected]) => {
    const learned = usual(
      someHours(count, (hour) => figures(daily(hour % day))),
      { hourOfWeek },
    );
    expect(learned).toMatchObject({ hourOfWeek, ...expected });
  });

  test("days that differ much are never sure", () => {
    const learned = usual(
      someHours(7 * day, (hour) => figures(Math.floor(hour / day) % 2 === 0 ? 100 : 20)),
      { hourOfWeek },
    );
    expect(learned).toMatchObject({ level: "hour-of-day", confidence: "low" });
  });
});

describe("what is usual", () => {
  const quiet = (hour: number) => figures(daily(hour % day));
  const except = (changed: ReadonlyMap<number, HourFigures | undefined>) =>
    someHours(28 * day, (hour) => (changed.has(hour) ? changed.get(hour) : quiet(hour)));

  test("is that of this hour of the week, not of others", () => {
    const weekly = someHours(28 * day, (hour) => figures(hour % hoursOfWeek === hourOfWeek ? 900 : 30));
    expect(usual(weekly, { hourOfWeek }).median).toBe(900);
    expect(usual(weekly, { hourOfWeek: hourOfWeek + day }).median).toBe(30);
  });

  test("goes by the clock of the shop's zone", () => {
    const noon = someHours(28 * day, (hour) => figures(hour % day === 10 ? 500 : 50));
    expect(usual(noon, { hourOfWeek: day + 12, timeZone: "Europe/Berlin" }).median).toBe(500);
    expect(usual(noon, { hourOfWeek: day + 10, timeZone: "Europe/Berlin" }).median).toBe(50);
  });

  test("takes an hour without this route as none, and one that nobody recorded as nothing", () => {
    const { hours, to } = except(new Map([1, 2, 3].map((week) => [inWeek(week), figures(0)])));
    expect(usual({ hours, to }, { hourOfWeek }).median).toBe(0);
    const off = except(new Map([1, 2, 3].map((week) => [inWeek(week), undefined])));
    expect(usual(off, { hourOfWeek })).toMatchObject({ level: "hour-of-day", median: expect.closeTo(daily(10), 3) });
  });

  test("is not what it was on two of four weeks", () => {
    const attacked = except(new Map([2, 3].map((week) => [inWeek(week), figures(90_000)])));
    expect(usual(attacked, { hourOfWeek }).median).toBeCloseTo(daily(10), 3);
  });

  test("of shares and durations is told where there was enough to say", () => {
    const hours = someHours(28 * day, (hour) =>
      figures(100, hour < 7 * day ? { errors: NaN, p90Ms: NaN } : { errors: 0.02, limited: 0.1, p90Ms: 800 }),
    );
    expect(usual(hours, { hourOfWeek, of: "errors" })).toMatchObject({ samples: 3, median: expect.closeTo(0.02, 5) });
    expect(usual(hours, { hourOfWeek, of: "limited" }).median).toBeCloseTo(0.075, 1);
    expect(usual(hours, { hourOfWeek, of: "p90Ms" })).toMatchObject({ median: 800, spread: 40 });
  });

  test("is never narrower than chance makes ten minutes", () => {
    const steady = (requests: number) =>
      usual(
        someHours(28 * day, () => figures(requests)),
        { hourOfWeek },
      ).spread;
    expect(steady(1000)).toBe(50);
    expect(steady(10)).toBeCloseTo(1, 5);
    expect(steady(0)).toBeCloseTo(0.1, 5);
    expect(
      usual(
        someHours(28 * day, () => figures(1000, { within: 300 })),
        { hourOfWeek },
      ).spread,
    ).toBe(300);
  });
});

describe("incidents and outages", () => {
  const attackedIn = (weeks: readonly number[]) =>
    someHours(28 * day, (hour) => figures(weeks.some((week) => inWeek(week) === hour) ? 5_000 : 100));
  const freeze = (week: number, place: Freeze["place"], hours = 1): Freeze => {
    const from = (mondayHour + inWeek(week)) * hourMs + 60_000;
    return { from, to: from + (hours - 1) * hourMs, place };
  };

  test.for([
    ["of the route", { route: "/api/login" }, 100],
    ["of its class", { endpointClass: "login" }, 100],
    ["of everything", {}, 100],
    ["of another route", { route: "/api/cart" }, 5_000],
    ["of another class", { endpointClass: "cart" }, 5_000],
    ["of a gateway: routes are at several", { gateway: "edge" }, 5_000],
  ] as const)("an incident %s", ([, place, expected]) => {
    // Three weeks of five thousand would be usual, if nobody had said that something was wrong in two of them.
    const learned = usual(attackedIn([1, 2, 3]), { hourOfWeek, freezes: [freeze(2, place), freeze(3, place)] });
    expect(learned.median).toBe(expected);
  });

  test("what was an incident most of the time is learned after all", () => {
    const freezes = [1, 2, 3].map((week) => freeze(week, { endpointClass: "login" }));
    expect(usual(attackedIn([1, 2, 3]), { hourOfWeek, freezes })).toMatchObject({ median: 5_000, samples: 4 });
  });

  test("an incident that stays open holds learning back for a day", () => {
    const open = [freeze(1, {}, 1000), freeze(2, {}, 1000)];
    const later = usual(
      someHours(28 * day, () => figures(100)),
      { hourOfWeek: hourOfWeek + 2 * day, freezes: open },
    );
    expect(later.samples).toBe(4);
    const first = usual(
      someHours(28 * day, () => figures(100)),
      { hourOfWeek: hourOfWeek + 3, freezes: open },
    );
    expect(first.samples).toBe(2);
  });

  test("a day on which the whole shop had far less is left out", () => {
    const isOut = (hour: number) => Math.floor(hour / day) === 22;
    const hours = someHours(28 * day, (hour) => figures(isOut(hour) ? 5 : 100), {
      site: (hour) => (isOut(hour) ? 100 : 1000),
    });
    expect(usual(hours, { hourOfWeek })).toMatchObject({ samples: 3, median: 100, spread: 5 });
    const other = someHours(28 * day, (hour) => figures(isOut(hour) ? 5 : 100));
    expect(usual(other, { hourOfWeek })).toMatchObject({ samples: 4 });
  });
});

describe("whatever comes", () => {
  const anything = fc.record({
    honest: fc.array(fc.integer({ min: 50, max: 150 }), { minLength: 4, maxLength: 4 }),
    poison: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2, maxLength: 2 }),
    at: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2, maxLength: 2 }),
  });

  test("two weeks of an attacker teach nothing above the other two", () => {
    fc.assert(
      fc.property(anything, ({ honest, poison, at }) => {
        const weeks = honest.map((n, week) => (at.includes(week) ? poison[at.indexOf(week)]! : n));
        const clean = honest.filter((_, week) => !at.includes(week));
        const hours = someHours(28 * day, (hour) => figures(weeks[Math.floor(hour / hoursOfWeek)]!));
        expect(usual(hours, { hourOfWeek }).median).toBeLessThanOrEqual(Math.max(...clean));
      }),
      { numRuns: 30 },
    );
  });

  test("the order of the weeks does not matter", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { minLength: 4, maxLength: 4 }), fc.nat({ max: 3 }), (weeks, by) => {
        const learned = (order: readonly number[]) =>
          usual(
            someHours(28 * day, (hour) => figures(order[Math.floor(hour / hoursOfWeek)]!)),
            { hourOfWeek },
          );
        expect(learned([...weeks.slice(by), ...weeks.slice(0, by)].reverse())).toEqual(learned(weeks));
      }),
      { numRuns: 30 },
    );
  });
});
