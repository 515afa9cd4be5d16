import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bitmapWords, countDistinct, setBit } from "../../src/detect/bitmap.ts";
import { hash32 } from "../../src/detect/hash.ts";

/** Linear counting's own standard error with 256 bits (Whang et al., 1990, equation 4), three times: 99.7 % of cases. */
function bound(n: number): number {
  const bits = bitmapWords * 32;
  const load = n / bits;
  return Math.max(1, 3 * Math.sqrt(bits * (Math.exp(load) - load - 1)));
}

test.for([1, 15, 50, 200, 500])("tells %i values apart within the error of linear counting", (n) => {
  const found = Array.from({ length: 300 }, (_, trial) => countOf(users(trial, n)));
  const outside = found.filter((estimate) => Math.abs(estimate - n) > bound(n));
  expect(outside.length).toBeLessThanOrEqual(5);
  const mean = found.reduce((total, estimate) => total + estimate, 0) / found.length;
  expect(Math.abs(mean - n) / n).toBeLessThan(0.03);
});

test("within 7 % of 500 in two cases of three", () => {
  const found = Array.from({ length: 300 }, (_, trial) => countOf(users(trial, 500)));
  expect(found.filter((estimate) => Math.abs(estimate - 500) <= 35).length).toBeGreaterThan(200);
});

test("a handful is told exactly, nearly always: thresholds of detectors are that small", () => {
  const found = Array.from({ length: 300 }, (_, trial) => countOf(users(trial, 4)));
  expect(found.filter((estimate) => estimate === 4).length).toBeGreaterThan(285);
});

test("repeats change nothing; none is none", () => {
  expect(countOf([])).toBe(0);
  expect(countOf(Array.from({ length: 100 }, () => "anna"))).toBe(1);
});

test("a full bitmap still answers", () => {
  const words = new Uint32Array(bitmapWords).fill(0xffffffff);
  expect(countDistinct(words)).toBe(1420);
});

test("two merged are the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (one, other) => {
      const merged = bitmapOf(one).map((word, i) => word | bitmapOf(other)[i]!);
      expect(merged).toEqual(bitmapOf([...one, ...other]));
    }),
  );
});

// helpers

function users(trial: number, n: number): string[] {
  return Array.from({ length: n }, (_, i) => `user-${trial * 100_000 + i}@shop.example`);
}

function bitmapOf(values: readonly string[]): Uint32Array {
  const words = new Uint32Array(bitmapWords);
  for (const value of values) setBit(words, 0, hash32(value));
  return words;
}

function countOf(values: readonly string[]): number {
  return countDistinct(bitmapOf(values));
}
