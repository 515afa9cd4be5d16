import { expect, test } from "vitest";
import { PartitionLag } from "../src/partition-lag.ts";
import type { RawBatch } from "../src/source/raw-batch.ts";
import { aBatch } from "./support/pipeline-scene.ts";
import { TestClock } from "./support/test-clock.ts";

/** `behind`: what the source says waits; it can't tell unless given. */
function scene(behind?: number) {
  const clock = new TestClock();
  const source = { behind };
  const lag = new PartitionLag({ clock, behind: () => source.behind });
  const handle = (batch: RawBatch, newest: number | undefined) => {
    lag.arrived(batch);
    lag.handled(batch, newest);
    lag.left(batch);
  };
  const status = () => lag.all()[0]!;
  return { clock, lag, source, handle, status };
}

test("while records wait, it is as old as the newest handled event", async () => {
  const { clock, handle, status } = scene(5_000);
  handle(aBatch(["ok"]), clock.now() - 40_000);
  expect(status()).toEqual({ source: "edge", partition: "logs/0", lagMs: 40_000, records: 5_000 });
  await clock.advance(2_000);
  expect(status().lagMs).toBe(42_000);
});

test("a drained partition is not behind, however old its last event", async () => {
  const { clock, source, handle, status } = scene(1);
  handle(aBatch(["ok"]), clock.now() - 40_000);
  source.behind = 0;
  await clock.advance(3_600_000);
  expect(status()).toMatchObject({ lagMs: 0, records: 0 });
});

test("a batch that was handed over and not handled waits, too", async () => {
  const { clock, lag, handle, status } = scene(0);
  handle(aBatch(["ok"]), clock.now());
  const stuck = aBatch(["ok", "ok"], { timestamps: [clock.now(), clock.now()] });
  lag.arrived(stuck);
  await clock.advance(90_000);
  expect(status()).toMatchObject({ lagMs: 90_000, records: 2 });
  lag.handled(stuck, clock.now());
  lag.left(stuck);
  expect(status()).toMatchObject({ lagMs: 0, records: 0 });
});

test("the first request after an hour of silence is no hour behind", async () => {
  const { clock, lag, handle, status } = scene(0);
  handle(aBatch(["ok"]), clock.now());
  await clock.advance(3_600_000);
  lag.arrived(aBatch(["ok"], { timestamps: [clock.now() - 20] }));
  expect(status().lagMs).toBe(20);
});

test("a batch that failed waits no more", () => {
  const { clock, lag, status } = scene(0);
  const batch = aBatch(["ok"], { timestamps: [clock.now() - 5_000] });
  lag.arrived(batch);
  expect(status().lagMs).toBe(5_000);
  lag.left(batch);
  expect(status().lagMs).toBe(0);
});

test("a source that can't tell what waits is drained once nothing came for a second", async () => {
  const { clock, handle, status } = scene();
  for (let i = 0; i < 5; i++) {
    handle(aBatch(["ok"]), clock.now() - 7_200_000);
    await clock.advance(300);
    expect(status()).toMatchObject({ lagMs: 7_200_300, records: undefined });
  }
  await clock.advance(1_000);
  expect(status().lagMs).toBe(0);
});

test("a gateway whose clock is ahead makes no negative lag; one bad line makes no lag for ever", () => {
  const { clock, handle, status } = scene(3);
  handle(aBatch(["ok"]), clock.now() + 60_000);
  expect(status().lagMs).toBe(0);
  handle(aBatch(["ok"]), clock.now() - 1_000);
  expect(status().lagMs).toBe(1_000);
});

test("records that could not be read count by the time their transport took them", () => {
  const { clock, handle, status } = scene(3);
  handle(aBatch(["bad"], { timestamps: [clock.now() - 9_000] }), undefined);
  expect(status().lagMs).toBe(9_000);
});

test("a partition that is another's now is not followed", () => {
  const { clock, lag, handle } = scene(3);
  handle(aBatch(["ok"]), clock.now());
  lag.released("edge:logs/0");
  expect(lag.all()).toEqual([]);
});
