import { expect, test } from "vitest";
import { FallingBehind, slowStages } from "../src/falling-behind.ts";
import { type Stage, stages } from "../src/stage-times.ts";
import { TestClock } from "./support/test-clock.ts";

function scene(behindAfter: number | "never" = 30_000) {
  const clock = new TestClock();
  const told: (string | undefined)[] = [];
  const spent: Partial<Record<Stage, number>> = { detect: 0.61, normalize: 0.3, wait: 0.09 };
  const watch = new FallingBehind({
    clock,
    behindAfter,
    shares: () => Object.fromEntries(stages.map((stage) => [stage, spent[stage] ?? 0])) as Record<Stage, number>,
    report: (source, text) => told.push(text === undefined ? undefined : `${source}: ${text}`),
  });
  /** Seconds with a lag that begins at `from` and grows by `by` each second, milliseconds. */
  const pass = async (seconds: number, { from, by = 0 }: { from: number; by?: number }) => {
    for (let i = 0; i < seconds; i++) {
      const lagMs = from + by * i;
      watch.look([
        { source: "edge", partition: "logs/0", lagMs: 0, records: 0 },
        { source: "edge", partition: "logs/1", lagMs, records: 9 },
      ]);
      await clock.advance(1_000);
    }
  };
  return { told, pass, spent };
}

test("a lag that grows is told once, with the slow stage, its share, and what helps", async () => {
  const { told, pass } = scene();
  await pass(29, { from: 35_000, by: 500 });
  expect(told).toEqual([]);
  await pass(100, { from: 50_000, by: 500 });
  expect(told).toEqual([
    `edge: Reading edge is 50s behind and falls further behind. 61 % of the time goes into counting and judging. ${slowStages.detect.helps}`,
  ]);
});

test("it is told again when another stage becomes the slow one, and at most once a minute", async () => {
  const { told, pass, spent } = scene();
  await pass(30, { from: 60_000 });
  Object.assign(spent, { detect: 0.1, store: 0.8 });
  await pass(59, { from: 60_000 });
  expect(told).toHaveLength(1);
  await pass(30, { from: 60_000 });
  expect(told).toHaveLength(2);
  expect(told[1]).toContain("80 % of the time goes into waiting for the store to take rows.");
});

test.for([
  ["a lag below the bound", { from: 29_000 }, 0],
  ["a backlog that will be read within ten minutes", { from: 3_000_000, by: -10_000 }, 0],
  ["one that is read, but hardly faster than it grows", { from: 3_000_000, by: -100 }, 1],
  ["one that stays as it is", { from: 31_000 }, 1],
] as const)("%s", async ([, lag, times]) => {
  const { told, pass } = scene();
  await pass(60, lag);
  expect(told).toHaveLength(times);
});

test("a short stall is told nobody", async () => {
  const { told, pass } = scene();
  await pass(20, { from: 40_000, by: 1_000 });
  await pass(5, { from: 100 });
  await pass(20, { from: 40_000, by: 1_000 });
  expect(told).toEqual([]);
});

test("it is over when the lag has stayed below half of the bound for half a minute", async () => {
  const { told, pass } = scene();
  await pass(30, { from: 60_000 });
  await pass(29, { from: 14_000 });
  expect(told).toHaveLength(1);
  await pass(1, { from: 14_000 });
  expect(told.slice(1)).toEqual([undefined]);
});

test("never: nobody is told", async () => {
  const { told, pass } = scene("never");
  await pass(100, { from: 600_000, by: 1_000 });
  expect(told).toEqual([]);
});
