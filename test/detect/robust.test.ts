import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lowMedian, robustSpread } from "../../src/detect/robust.ts";

const figure = fc.double({ min: 0, max: 1e6, noNaN: true });
const some = fc.array(figure, { minLength: 1, maxLength: 40 });

describe("the middle one", () => {
  test.for([
    ["of none", [], NaN],
    ["of one", [7], 7],
    ["of two is the lower", [9, 3], 3],
    ["of three", [5, 1, 9], 5],
    ["of four is the second", [4, 1, 3, 2], 2],
  ] as const)("%s", ([, values, expected]) => {
    expect(lowMedian(values)).toBe(expected);
  });

  test("does not depend on the order", () => {
    fc.assert(
      fc.property(some, fc.nat(), (values, by) => {
        const turned = [...values.slice(by % values.length), ...values.slice(0, by % values.length)].reverse();
        const centre = lowMedian(values);
        expect(lowMedian(turned)).toBe(centre);
        expect(robustSpread(turned, centre)).toBe(robustSpread(values, centre));
      }),
    );
  });

  test("can't be raised above the others by half of the values, whatever they are", () => {
    fc.assert(
      fc.property(some, fc.array(figure, { maxLength: 40 }), (honest, poison) => {
        fc.pre(poison.length <= honest.length);
        expect(lowMedian([...honest, ...poison])).toBeLessThanOrEqual(Math.max(...honest));
      }),
    );
  });

  test("can't be lowered below the others by fewer than half of the values", () => {
    fc.assert(
      fc.property(some, fc.array(figure, { maxLength: 40 }), (honest, poison) => {
        fc.pre(poison.length < honest.length);
        expect(lowMedian([...honest, ...poison])).toBeGreaterThanOrEqual(Math.min(...honest));
      }),
    );
  });
});

describe("the spread", () => {
  test("is a standard deviation, for what is spread normally", () => {
    // The sum of twelve numbers between 0 and 1 has a deviation of 1, and is spread all but normally.
    const values = Array.from({ length: 2_000 }, (_, i) => uniform(i).reduce((sum, part) => sum + part, -6) * 10);
    expect(robustSpread(values, lowMedian(values))).toBeCloseTo(10, 0);
  });

  test("is not widened beyond the others by fewer than half of the values", () => {
    fc.assert(
      fc.property(some, fc.array(figure, { maxLength: 40 }), (honest, poison) => {
        fc.pre(poison.length < honest.length - 1);
        const range = Math.max(...honest) - Math.min(...honest);
        const centre = lowMedian([...honest, ...poison]);
        expect(robustSpread([...honest, ...poison], centre)).toBeLessThanOrEqual(1.4826 * range + 1e-6);
      }),
    );
  });
});

/** Twelve numbers between 0 and 1, all others for each `seed`. */
function uniform(seed: number): number[] {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return Array.from({ length: 12 }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return state / 2 ** 32;
  });
}
