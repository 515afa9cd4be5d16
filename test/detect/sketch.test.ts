import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addPacked, binOf, packed, quantileOf, sketchBins } from "../../src/detect/sketch.ts";

const shares = fc.double({ min: 0.01, max: 0.999, noNaN: true });
const values = fc.array(fc.double({ min: 1, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 200 });

describe("a sketch", () => {
  test("gives any quantile within 2 %", () => {
    fc.assert(
      fc.property(values, shares, (given, q) => {
        const exact = given.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * given.length)) - 1]!;
        const told = quantileOf(sketchOf(given), q)!;
        // Six digits are kept of it.
        expect(Math.abs(told - exact) / exact).toBeLessThanOrEqual(0.020_01);
      }),
    );
  });

  test("of two halves added up is that of the whole, whatever the order", () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const sum = sketchOf(one);
        addPacked(sum, packed(sketchOf(other)));
        expect(sum).toEqual(sketchOf([...other, ...one]));
      }),
    );
  });

  test("packed takes two numbers for each bin that counts something", () => {
    expect(packed(sketchOf([5, 5, 5, 9_000]))).toEqual(Uint32Array.of(binOf(5), 3, binOf(9_000), 1));
    expect(packed(sketchOf([]))).toHaveLength(0);
  });
});

test.for([
  ["a quarter of a millisecond", [0.25], 1],
  ["nothing at all of a number", [0], 1],
  ["below zero", [-5], 1],
  ["an hour", [3_600_000], 600_000],
  ["without end", [Infinity], 600_000],
  ["one in a hundred", [...Array.from({ length: 99 }, () => 10), 5_000], 10],
  ["two in a hundred", [...Array.from({ length: 98 }, () => 10), 5_000, 5_000], 5_000],
] as const)("the 99th percentile of %s", ([, given, expected]) => {
  const told = quantileOf(sketchOf(given), 0.99)!;
  expect(Math.abs(told - expected) / expected).toBeLessThan(0.0201);
});

test("of nothing there is none", () => expect(quantileOf(sketchOf([]), 0.99)).toBeUndefined());

// helpers

function sketchOf(given: readonly number[]): Uint32Array {
  const counts = new Uint32Array(sketchBins);
  for (const value of given) counts[binOf(value)]!++;
  return counts;
}
