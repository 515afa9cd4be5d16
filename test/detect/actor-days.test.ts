import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ActorDays } from "../../src/detect/actor-days.ts";
import { cellAt } from "../../src/detect/baseline-table.ts";
import { capBaseline } from "../../src/detect/cap-baseline.ts";

function learned(days: readonly number[], keep = 28) {
  const actors = new ActorDays(keep);
  days.forEach((most, day) => actors.add(1000 + day, new Map([["cart", most]])));
  const cells = actors.learn("cart");
  return cells && cellAt(cells, 77);
}

test.for<[string, number[], object]>([
  ["two days", [40, 44], { confidence: "low", samples: 2, median: 40 }],
  ["three days", [40, 44, 42], { confidence: "medium", samples: 3, median: 42, level: "days" }],
  ["a week that agrees", [40, 44, 42, 40, 39, 60, 41], { confidence: "high", median: 41 }],
  ["a week of which two days are others", [40, 44, 42, 40, 39, 400, 410], { confidence: "medium", median: 42 }],
])("what few go beyond, from %s", ([, days, expected]) => {
  expect(learned(days)).toMatchObject(expected);
});

test("nothing is known of no day", () => {
  expect(learned([])).toBeUndefined();
});

test("days of long ago are forgotten", () => {
  expect(learned([900, 900, 900, 900, ...Array.from({ length: 7 }, () => 40)], 7)).toMatchObject({
    ...{ median: 40, samples: 7 },
  });
});

test("half of the days, whatever they were, don't raise it", () => {
  const day = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(fc.array(day, { minLength: 3, maxLength: 28 }), fc.array(day, { maxLength: 28 }), (honest, poison) => {
      fc.pre(poison.length <= honest.length && honest.length + poison.length <= 28);
      expect(learned([...honest, ...poison])!.median).toBeLessThanOrEqual(Math.max(...honest));
    }),
  );
});

test("what more than half of them were moves it by a fifth in a week", () => {
  const of = (most: number) => {
    const actors = new ActorDays(7);
    for (let day = 0; day < 7; day++) actors.add(day, new Map([["cart", most]]));
    return actors.learn("cart")!;
  };
  const next = of(9_000);
  capBaseline(next, of(100), { measure: "perActor", growth: 0.2, from: 500_000, to: 500_168 });
  expect(cellAt(next, 0).median).toBeCloseTo(125, 0);
});
