import { expect, test } from "vitest";
import { pacedSave } from "../src/paced-save.ts";
import { TestClock } from "./support/test-clock.ts";

/** How many saves there are in so many seconds, asked for every five, when each takes so long. */
async function savesIn(seconds: number, costMs: number): Promise<number> {
  const clock = new TestClock();
  let saves = 0;
  const save = pacedSave({
    clock,
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
  ["a small state is saved each time", 10, 60],
  ["one that takes a fifth of a second, every ten", 200, 30],
  ["one that takes half a second, every fifteen", 500, 20],
  ["one that takes forever, once a minute", 5_000, 5],
] as const)("%s", async ([, costMs, saves]) => {
  expect(await savesIn(300, costMs)).toBe(saves);
});

test("one that failed is tried again the next time", async () => {
  const clock = new TestClock();
  const save = pacedSave({
    clock,
    save: () => Promise.reject(new Error("no space")),
  });
  await expect(save()).rejects.toThrow("no space");
  await expect(save()).rejects.toThrow("no space");
});
