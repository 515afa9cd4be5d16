import { describe, expect, test } from "vitest";
import { Random } from "../../src/simulate/random.ts";

const many = 200_000;

describe("a stream", () => {
  test("is the same for the same seed and name, on every machine", () => {
    const random = new Random(7, "benign");
    expect([random.word(), random.word(), random.wait(1_000)]).toMatchInlineSnapshot(`
      [
        1703085369,
        2087673797,
        2920,
      ]
    `);
    expect(new Random(7, "attacks").word()).not.toBe(new Random(7, "benign").word());
    expect(new Random(8, "benign").word()).not.toBe(new Random(7, "benign").word());
  });

  test("is even", () => {
    const random = new Random(1, "x");
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < many; i++) counts[random.below(10)]!++;
    for (const count of counts) expect(Math.abs(count / many - 0.1)).toBeLessThan(0.005);
  });

  test("waits as long as the mean says, most of them shorter", () => {
    const random = new Random(2, "x");
    const waits = Array.from({ length: many }, () => random.wait(1_000));
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / many;
    expect(Math.abs(mean / 1_000 - 1)).toBeLessThan(0.02);
    // Of an exponential distribution, 1 - 1/e is below the mean.
    expect(Math.abs(waits.filter((wait) => wait < 1_000).length / many - 0.632)).toBeLessThan(0.01);
    expect(Math.min(...waits.slice(0, 1000))).toBeGreaterThanOrEqual(1);
  });
});
