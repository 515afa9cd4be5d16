import { describe, expect, test } from "vitest";
import { type Baseline, unknownBaseline, usualInWords } from "../../src/detect/baseline.ts";
import { BaselineReader, type BaselineTable, emptyCells } from "../../src/detect/baseline-table.ts";
import { Baselines } from "../../src/detect/baselines.ts";
import { count, type DetectorDefinition } from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect } from "../../src/detect/detect-state.ts";
import { hourMs } from "../../src/detect/hour-of-week.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { mondayHour } from "../support/baseline-weeks.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const monday = mondayHour * hourMs;

/** So many requests a minute on the login route in each hour of the week; unknown where `NaN`. */
function aTable(of: (hourOfWeek: number) => number, more: Partial<BaselineTable> = {}): BaselineTable {
  const cells = emptyCells();
  for (let hour = 0; hour < 168; hour++) {
    if (Number.isNaN(of(hour))) continue;
    cells.median[hour] = of(hour);
    cells.spread[hour] = of(hour) / 10;
    cells.samples[hour] = hour === 11 ? 2 : 4;
    cells.level[hour] = 3;
    cells.confidence[hour] = hour === 11 ? 1 : 2;
  }
  const places = new Map([["route /api/login", { requests: cells }]]);
  return { holdsFrom: 0, learnedTo: mondayHour, timeZone: "UTC", places, ...more };
}

describe("what is usual at a moment", () => {
  const at = (table: BaselineTable, hours: number) =>
    new BaselineReader(table).at("requests", { route: "/api/login" }, monday + hours * hourMs);

  test.for([
    ["in the middle of an hour: that of the hour", 10.5, 100],
    ["between two middles: in a straight line", 11, 150],
    ["a little before", 10.75, 125],
    ["at the end of the week: towards Monday", 168 * 5, 3],
  ] as const)("%s", ([, hours, expected]) => {
    const table = aTable((hour) => (hour === 10 ? 100 : hour === 11 ? 200 : hour === 0 ? 4 : 2));
    expect(at(table, hours).median).toBeCloseTo(expected, 4);
  });

  test("beside a leap its spread reaches to both hours", () => {
    const sale = aTable((hour) => (hour === 10 ? 600 : 100));
    const { median, spread } = at(sale, 10.05);
    expect(median + 6 * spread).toBeGreaterThan(600);
    expect(median - 6 * spread).toBeLessThan(100);
    expect(at(sale, 10.5)).toMatchObject({ median: 600, spread: 60 });
  });

  test("beside an hour of which nothing is known: that of the hour alone", () => {
    expect(
      at(
        aTable((hour) => (hour === 10 ? 100 : NaN)),
        10.1,
      ).median,
    ).toBe(100);
    expect(
      at(
        aTable((hour) => (hour === 10 ? 100 : NaN)),
        12,
      ),
    ).toMatchObject({ known: false, hourOfWeek: 12 });
  });

  test("is as sure as the less sure of two hours", () => {
    const table = aTable(() => 50);
    expect(at(table, 10.9)).toMatchObject({ confidence: "medium", samples: 2, hourOfWeek: 10 });
    expect(at(table, 10.2)).toMatchObject({ confidence: "high", samples: 4 });
  });

  test("goes by the clock of its zone, summer time included", () => {
    const table = aTable((hour) => (hour === 12 ? 900 : 50), { timeZone: "Europe/Berlin" });
    expect(at(table, 10.5).median).toBe(900);
    const winter = Date.UTC(2026, 11, 7) / hourMs - mondayHour;
    expect(at(table, winter + 11.5).median).toBe(900);
    expect(at(table, winter + 10.5).median).toBe(50);
  });

  test("is not known of other places and measures", () => {
    const reader = new BaselineReader(aTable(() => 50));
    expect(reader.at("errors", { route: "/api/login" }, monday)).toEqual(unknownBaseline);
    expect(reader.at("requests", { route: "/api/cart" }, monday)).toEqual(unknownBaseline);
    expect(reader.at("requests", {}, monday)).toEqual(unknownBaseline);
  });
});

test.for<[Partial<Baseline>, string]>([
  [{}, "usual for Tuesday 10:00: 300 ± 40, 4 weeks"],
  [{ level: "hour-of-day", samples: 1 }, "usual at 10:00: 300 ± 40, 1 day"],
  [{ level: "all", samples: 30 }, "usual at any time: 300 ± 40, 30 hours"],
  [{ level: "unknown" }, "what is usual is not known yet"],
])("%o in words", ([more, words]) => {
  const baseline: Baseline = {
    ...{ known: true, median: 300, spread: 40, samples: 4, level: "hour-of-week", confidence: "high", hourOfWeek: 34 },
    ...more,
  };
  expect(usualInWords(baseline, String)).toBe(words);
});

describe("a detector", () => {
  const start = monday + 10 * hourMs;
  const more: Partial<DetectorDefinition> = {
    key: ["route"],
    window: "1m",
    counters: { requests: count() },
    where: {},
    baselines: ["requests"],
    evidence: () => true,
    fires: ({ requests }, _p, context) => {
      const { known, median } = context.baseline("requests");
      return known && (requests as number) > 2 * median;
    },
    summary: ({ requests }, _key, context) => `${String(requests)}, ${context.baseline("requests").median}`,
    target: () => ({ scope: "ip", value: "203.0.113.7" }),
  };
  const requests = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) =>
      anEvent({
        time: start + from + i * 1000,
        route: "/api/login",
        endpointClass: "login",
        requestId: `${from / 1000 + i}`,
      }),
    );
  const run = (baselines: Baselines, definition = aDetector(more)) =>
    anEngine({ detectors: [active(definition)], clock: new TestClock(start), clients: 1024, baselines });

  test("is told from a table's minute on, and not before", () => {
    const baselines = new Baselines();
    baselines.publish(aTable(() => 5, { holdsFrom: start + 5 * 60_000 }));
    const { process, engine } = run(baselines);
    const found = [...process(requests(600)), ...engine.finish()].filter(({ sealed }) => sealed);
    expect(found[0]).toMatchObject({ firedAt: start + 5 * 60_000 + 1_000, summary: "60, 5", targets: [] });
  });

  test("is told nothing that it doesn't declare, and then may name somebody", () => {
    const baselines = new Baselines();
    baselines.publish(aTable(() => 5));
    const { process, engine } = run(baselines, aDetector({ ...more, baselines: ["errors"] }));
    expect([...process(requests(200)), ...engine.finish()]).toEqual([]);
    const { baselines: _, ...other } = more;
    const named = run(baselines, aDetector({ ...other, fires: () => true }));
    expect(named.process(requests(20))[0]?.targets).toHaveLength(1);
  });

  test("names those whom it finds by its own floors, and nobody else", () => {
    const baselines = new Baselines();
    baselines.publish(aTable(() => 5));
    const either = aDetector({
      ...more,
      fires: ({ requests }, _p, context) => (requests as number) > (context.baseline("requests").known ? 10 : 40),
    });
    const { process } = run(baselines, either);
    const told = process(requests(70));
    expect(told[0]).toMatchObject({ sealed: false, targets: [] });
    expect(told.at(-1)?.targets).toHaveLength(1);
  });

  test("judges by the same table after a restart, when minutes are read again", () => {
    const tables = [aTable(() => 50), aTable(() => 5, { holdsFrom: start + 5 * 60_000, learnedTo: mondayHour + 1 })];
    const whole = () => {
      const baselines = new Baselines();
      baselines.publish(tables[0]!);
      baselines.publish(tables[1]!);
      return baselines;
    };
    const one = run(whole());
    const expected = [...one.process(requests(600)), ...one.engine.finish()].filter(({ sealed }) => sealed).at(-1);
    expect(expected?.firstSeen).toBeGreaterThanOrEqual(start + 4 * 60_000);

    const before = run(whole());
    before.process(requests(240));
    const state = saveDetect(before);
    before.process(requests(200, 240_000));
    const second = new Baselines();
    second.load(whole().save());
    const after = run(second);
    loadDetect(after, state);
    const again = [...after.process(requests(360, 240_000)), ...after.engine.finish()].filter(({ sealed }) => sealed);
    expect(again.at(-1)).toEqual({ ...expected, version: again.at(-1)?.version });
  });
});
