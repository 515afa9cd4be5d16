import { expect, test } from "vitest";
import { pacedSave } from "../src/paced-save.ts";
import { TestClock } from "./support/test-clock.ts";

/** How many saves there are in so many seconds, asked for every five, when each takes so long, and everything waits for a part of it. */
async function savesIn(seconds: number, costMs: number, waitMs: number): Promise<number> {
  const clock = new TestClock();
  let saves = 0;
  const save = pacedSave({
    clock,
    waitedMs: () => waitMs,
    save: async () => {
      saves++;
      await clock.advance(costMs);
    },
  });
  for (let i = 0; i < seconds / 5; i++) {
    await save();
    await clock.advance(5_000);
  }
  return saves;
}

test.for([
  ["a small state is saved each time", 10, 1, 60],
  ["one that takes a fifth of a second, every ten", 200, 1, 30],
  ["one that takes half a second, every fifteen", 500, 1, 20],
  ["one that takes forever, once a minute", 5_000, 100, 5],
  ["one that everything waits for, every 25", 200, 50, 12],
  ["one that everything waits for, for long, once a minute", 600, 300, 5],
] as const)("%s", async ([, costMs, waitMs, saves]) => {
  expect(await savesIn(300, costMs, waitMs)).toBe(saves);
});

test("one that failed is tried again the next time", async () => {
  const clock = new TestClock();
  const save = pacedSave({
    clock,
    waitedMs: () => 0,
    save: () => Promise.reject(new Error("no space")),
  });
  await expect(save()).rejects.toThrow("no space");
  await expect(save()).rejects.toThrow("no space");
});
