import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Gate } from "../../src/source/gate.ts";
import { LineFeed } from "../../src/source/line-feed.ts";
import type { RawBatch, SourceIo } from "../../src/source/raw-batch.ts";
import { TestClock } from "../support/test-clock.ts";

/** A feed whose batches are handled when the test says so. */
function aFeed() {
  const handed: { readonly batch: RawBatch; readonly handled: PromiseWithResolvers<void> }[] = [];
  const handle = (batch: RawBatch) => {
    const handled = Promise.withResolvers<void>();
    handed.push({ batch, handled });
    return handled.promise;
  };
  const feed = new LineFeed({
    ...{ source: "shop", partition: "shop:0", maxRecordBytes: 1_000, start: 0, position: (offset: number) => offset },
    ...{ io: { handle } as unknown as SourceIo, clock: new TestClock(), gate: new Gate() },
  });
  return { feed, handed };
}

const line = Buffer.from("a line\n");

test("two batches wait while one is handled, and no more are read", async () => {
  const { feed, handed } = aFeed();
  const pushed = [feed.push(line), feed.push(line)];
  await Promise.all(pushed);
  let isThrough = false;
  const third = feed.push(line).then(() => (isThrough = true));
  await setImmediate();
  expect([handed.length, isThrough]).toEqual([3, false]);
  handed[0]!.handled.resolve();
  await third;
  expect(handed.map(({ batch }) => batch.next)).toEqual([7, 14, 21]);
});

test("has settled once all that was handed over is handled", async () => {
  const { feed, handed } = aFeed();
  await feed.push(line);
  await feed.push(line);
  let isSettled = false;
  const settled = feed.settled().then(() => (isSettled = true));
  handed[1]!.handled.resolve();
  await setImmediate();
  expect(isSettled).toBe(false);
  handed[0]!.handled.resolve();
  await settled;
});

test("a batch that could not be handled is told to whoever pushes on, and to whoever waits", async () => {
  const { feed, handed } = aFeed();
  await feed.push(line);
  await feed.push(line);
  handed[0]!.handled.reject(new Error("torn"));
  await expect(feed.settled()).rejects.toThrow("torn");
  await expect(feed.push(line)).rejects.toThrow("torn");
});
