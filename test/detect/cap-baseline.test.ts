import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BaselineCells, emptyCells } from "../../src/detect/baseline-table.ts";
import { capBaseline } from "../../src/detect/cap-baseline.ts";
import { hoursOfWeek } from "../../src/detect/hour-of-week.ts";

const start = 500_000;
const growth = 0.2;

/** Learned from so much at each hour, by weeks unless by days. */
function cells(median: number, more: { spread?: number; level?: number } = {}): BaselineCells {
  const made = emptyCells();
  made.median.fill(median);
  made.spread.fill(more.spread ?? median / 10);
  made.level.fill(more.level ?? 3);
  made.confidence.fill(2);
  return made;
}

/** What holds after each of some learnings, `everyHours` apart, of these figures. */
function learned(
  figures: readonly number[],
  { everyHours = hoursOfWeek, measure = "requests" as const } = {},
): BaselineCells[] {
  const held: BaselineCells[] = [];
  figures.forEach((figure, i) => {
    const next = cells(figure);
    const to = start + i * everyHours;
    capBaseline(next, held.at(-1), { measure, growth, from: to - everyHours, to });
    held.push(next);
  });
  return held;
}

const medians = (held: readonly BaselineCells[]) => held.map(({ median }) => Math.round(median[0]! * 10) / 10);

describe("what is usual moves", () => {
  test("freely the first time", () => {
    expect(medians(learned([300]))).toEqual([300]);
  });

  test("by a fifth and one request a minute in a week, up and down", () => {
    expect(medians(learned([100, 5_000, 5_000]))).toEqual([100, 121, 146.2]);
    expect(medians(learned([100, 0, 0]))).toEqual([100, 82.5, 67.9]);
    expect(medians(learned([100, 110, 95]))).toEqual([100, 110, 95]);
  });

  test("as little when it is learned every hour", () => {
    const hourly = learned([100, ...Array.from({ length: hoursOfWeek }, () => 5_000)], { everyHours: 1 });
    expect(hourly.at(-1)!.median[0]).toBeCloseTo(121, 0);
  });

  test("from nothing to something", () => {
    expect(medians(learned([0, 50, 50, 50]))).toEqual([0, 1, 2.2, 3.6]);
  });

  test("to three times what it was within a quarter, however slowly", () => {
    const rising = learned([100, ...Array.from({ length: 12 }, () => 90_000)]);
    expect(rising.at(-1)!.median[0]).toBe(313);
    const later = learned([100, ...Array.from({ length: 20 }, () => 90_000)]);
    expect(later.at(-1)!.median[0]).toBeGreaterThan(313);
    expect(later.at(-1)!.median[0]).toBeLessThanOrEqual(952);
  });

  test("freely from days to weeks: that is another question", () => {
    const next = cells(20);
    capBaseline(next, cells(300, { level: 2 }), { measure: "requests", growth, from: start, to: start + 1 });
    expect(next.median[0]).toBe(20);
  });

  test("its spread grows as slowly, and shrinks at once", () => {
    const wide = cells(100, { spread: 90 });
    capBaseline(wide, cells(100), { measure: "requests", growth, from: start, to: start + hoursOfWeek });
    expect(wide.spread[0]).toBeCloseTo(13, 4);
    const narrow = cells(100, { spread: 2 });
    capBaseline(narrow, cells(100), { measure: "requests", growth, from: start, to: start + hoursOfWeek });
    expect(narrow.spread[0]).toBe(2);
  });
});

test("whoever sends whatever, however often it is learned, teaches no more than the bound", () => {
  const run = fc.record({
    first: fc.integer({ min: 0, max: 1_000 }),
    sent: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 40 }),
    everyHours: fc.integer({ min: 1, max: 400 }),
  });
  fc.assert(
    fc.property(run, ({ first, sent, everyHours }) => {
      const held = learned([first, ...sent], { everyHours });
      for (const [i, { median }] of held.entries()) {
        const weeks = (i * everyHours) / hoursOfWeek;
        const quarters = Math.floor(weeks / 13) + 1;
        const bound = Math.min((first + weeks) * 1.2 ** weeks, (first + 6.5) * 3 ** quarters);
        expect(median[0]).toBeLessThanOrEqual(bound * 1.001 + 0.01);
      }
    }),
    { numRuns: 60 },
  );
});
