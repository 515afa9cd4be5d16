import { expect, test } from "vitest";
import { StageTimes } from "../src/stage-times.ts";
import { TestClock } from "./support/test-clock.ts";

function scene() {
  const clock = new TestClock();
  const loop = { idle: 0 };
  return { clock, loop, times: new StageTimes({ clock, idle: () => loop.idle }) };
}

test("each stage has the time it took; between batches, what the process worked is reading", async () => {
  const { clock, loop, times } = scene();
  await clock.advance(100);
  loop.idle += 70;
  times.enter("normalize");
  await clock.advance(20);
  times.enter("detect");
  await clock.advance(50);
  times.enter("store");
  // It waits for the store, and nobody else has to do anything.
  await clock.advance(200);
  loop.idle += 200;
  times.enter(undefined);
  await clock.advance(40);
  loop.idle += 10;
  expect(Object.fromEntries(times.totals())).toEqual({
    ...{ wait: 80, read: 60, normalize: 20, detect: 50, respond: 0, count: 0, store: 200, save: 0 },
  });
});

test("a stage that goes on for long shows before it is done", async () => {
  const { clock, times } = scene();
  times.enter("respond");
  await clock.advance(90_000);
  expect(times.totals().get("respond")).toBe(90_000);
  expect(times.shares().respond).toBe(1);
});

test("shares are of the last half minute, and add up to 1", async () => {
  const { clock, times } = scene();
  const pass = async (seconds: number, detectMs: number) => {
    for (let i = 0; i < seconds; i++) {
      times.sample();
      times.enter("detect");
      await clock.advance(detectMs);
      times.enter("normalize");
      await clock.advance(1_000 - detectMs);
    }
  };
  expect(Object.values(times.shares()).every((share) => share === 0)).toBe(true);
  await pass(60, 900);
  expect(times.shares().detect).toBeCloseTo(0.9);
  await pass(30, 200);
  const shares = times.shares();
  expect(shares.detect).toBeCloseTo(0.2);
  expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
});
