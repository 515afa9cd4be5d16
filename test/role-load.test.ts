import { expect, test } from "vitest";
import { readLoad } from "../src/cluster/load-record.ts";
import { LoadWatch } from "../src/load-watch.ts";
import { silentLog } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import { RoleLoad } from "../src/role-load.ts";
import { aBatch } from "./support/pipeline-scene.ts";
import { TestClock } from "./support/test-clock.ts";

/** `records`: that wait on the broker. */
function scene(records: number) {
  const clock = new TestClock();
  const warnings: string[] = [];
  const load = new RoleLoad({
    ...{ clock, metrics: createMetrics(), behindAfter: 30_000 },
    log: { ...silentLog, warn: (_of: unknown, text?: string) => void warnings.push(text ?? "") },
    sources: [{ name: "edge", behind: () => records }],
  });
  const handle = async (newest: number, took: number) => {
    const batch = aBatch(["ok"]);
    load.arrived(batch);
    load.enter("detect");
    await clock.advance(took);
    load.handled(batch, { events: 50, newest });
    load.enter(undefined);
    load.left(batch);
  };
  return { clock, load, handle, warnings };
}

test("what whoever acts is told of a partition: its lag, what waits, its rate, and what takes the time", async () => {
  const { clock, load, handle } = scene(900);
  load.look();
  await handle(clock.now() - 40_000, 500);
  const { key, value } = load.told().get("edge:logs/0")!;
  const told = readLoad(key, value);
  expect(told).toMatchObject({ source: "edge", partition: "logs/0", lagMs: 40_500, records: 900, eventsPerSecond: 5 });
  expect(told?.shares).toMatchObject({ detect: 1 });
  load.released("edge:logs/0");
  expect(load.told().size).toBe(0);
});

test("a role that falls behind says so in its log, with what is slow", async () => {
  const { clock, load, handle, warnings } = scene(900);
  const begun = clock.now();
  for (let second = 0; second < 40; second++) {
    await handle(begun - 60_000, 1_000);
    load.look();
  }
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^Reading edge is \d+s behind and falls further behind\. 100 % .* counting and judging/);
});

test("whoever acts opens the incident for what another instance reads, and names what is slow there", async () => {
  const clock = new TestClock();
  const told: (string | undefined)[] = [];
  const lagMs = { now: 60_000 };
  const watch = new LoadWatch({
    ...{ clock, metrics: createMetrics(), behindAfter: 30_000, sources: [], idle: () => clock.monotonic() },
    elsewhere: () => [
      { source: "edge", partition: "logs/0", lagMs: 0, records: 0, eventsPerSecond: 7, shares: { store: 0, wait: 1 } },
      { source: "edge", partition: "logs/1", lagMs: lagMs.now, eventsPerSecond: 5, shares: { store: 0.9, wait: 0.1 } },
    ],
    report: (source, text) => told.push(text && `${source}: ${text}`),
    // What is left out of counting here does not help those elsewhere.
    onLag: (here) => expect(here).toBe(0),
  });
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      watch.look();
      await clock.advance(1_000);
    }
  };
  await pass(40);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^edge: Reading edge is 1m behind.* 90 % .* waiting for the store/);
  expect(watch.eventsPerSecond("edge")).toBe(12);
  expect(watch.partitions().map(({ partition, lagMs: lag }) => [partition, lag])).toEqual([
    ["logs/0", 0],
    ["logs/1", 60_000],
  ]);
  lagMs.now = 0;
  await pass(40);
  expect(told.at(-1)).toBeUndefined();
  expect(told).toHaveLength(2);
});
