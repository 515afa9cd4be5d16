import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RawBatch } from "../../src/source/raw-batch.ts";
import { EventMerge, writtenAt } from "../../src/cli/event-merge.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { anEvent } from "../support/an-event.ts";

const minute = 60_000;

describe("several logs in one order", () => {
  test.for([
    ["one alone", { a: [[1, 2], [3]] }],
    ["side by side", { a: [[1, 3], [5]], b: [[2], [4, 6]] }],
    ["one after the other, the newer one named first", { a: [[10, 11]], b: [[1, 2], [3]] }],
    ["an empty one among them", { a: [[1, 2]], b: [], c: [[1, 3]] }],
    ["a batch in which no line was understood", { a: [[], [2]], b: [[1], []] }],
  ] as const)("%s", async ([, logs]) => {
    const taken = await merged(logs);
    expect(taken).toEqual(Object.values(logs).flat(2).sort((a, b) => a - b)); // prettier-ignore
  });

  test("however the lines are cut into logs and batches, each arrives, in order", async () => {
    const log = fc.array(fc.array(fc.nat(1000), { maxLength: 5 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(log, { minLength: 1, maxLength: 5 }), async (drawn) => {
        const logs = drawn.map((batches) => {
          const times = batches.flat().sort((a, b) => a - b);
          return batches.map((batch) => times.splice(0, batch.length));
        });
        const written: number[] = [];
        const taken = await merged(Object.fromEntries(logs.entries()), written);
        expect(taken.toSorted((a, b) => a - b)).toEqual(logs.flat(2).sort((a, b) => a - b));
        expect(written).toEqual(written.toSorted((a, b) => a - b));
      }),
    );
  });

  test("a log that is ahead waits", async () => {
    const taken: number[] = [];
    const { merge, send } = merging((event) => void taken.push(event.time));
    merge.assigned(["old", "new"]);
    let handled = false;
    void send("new", [100]).then(() => (handled = true));
    await settled();
    expect([taken, handled]).toEqual([[], false]);
    await send("old", [1]);
    merge.ended("old");
    await settled();
    expect([taken, handled]).toEqual([[1, 100], true]);
  });

  test("what fails behind it is told, and not swallowed as a log that can't be read", async () => {
    const { merge, send } = merging(() => {
      throw new Error("a bug");
    });
    merge.assigned(["a"]);
    void send("a", [1]);
    await expect(merge.done).rejects.toThrow("a bug");
  });
});

describe("when a line was written", () => {
  const at = (times: readonly number[]) => writtenAt(times.map((time) => anEvent({ time })));

  test.for([
    ["in order", [1, 2, 3, 4], [1, 2, 3, 3]],
    ["a time far ahead", [1, 2, 900 * minute, 3, 4, 5], [1, 2, 4, 3, 4, 4]],
    ["a time far behind", [500, 501, 0, 502, 503, 504], [500, 501, 0, 502, 503, 503]],
    ["the last one ahead", [1, 2, 3, 900 * minute], [1, 2, 3, 3]],
    ["a quiet night", [1, 2, 480 * minute, 481 * minute], [1, 2, 480 * minute, 480 * minute]],
    ["one line", [7], [7]],
    ["two lines", [7, 9], [7, 9]],
    ["none", [], []],
  ] as const)("%s", ([, times, written]) => expect(at(times)).toEqual(written));
});

// helpers

function merging(take: (event: AccessEvent, writtenAt: number) => void) {
  const read = (batch: Pick<RawBatch, "records">) => batch.records.map((time) => anEvent({ time: Number(time) }));
  const merge = new EventMerge({ read, take });
  const send = (partition: string, times: readonly number[]) =>
    merge.handle({
      source: partition,
      partition,
      records: times.map(String),
      offsets: times.map((_, i) => i),
      refused: [],
      next: 0,
      receivedAt: 0,
    });
  return { merge, send };
}

/** Reads each log to its end, as sources do: one batch after the other, all logs at the same time. */
async function merged(
  logs: Readonly<Record<string, readonly (readonly number[])[]>>,
  written: number[] = [],
): Promise<number[]> {
  const taken: number[] = [];
  const { merge, send } = merging((event, writtenAt) => {
    taken.push(event.time);
    written.push(writtenAt);
  });
  for (const partition of Object.keys(logs)) merge.assigned([partition]);
  const readers = Object.entries(logs).map(async ([partition, batches]) => {
    for (const batch of batches) await send(partition, batch);
    merge.ended(partition);
  });
  await Promise.all([...readers, merge.done]);
  return taken;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
