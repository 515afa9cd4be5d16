import * as fc from "fast-check";
import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { ChangedRows } from "../../src/detect/changed-rows.ts";
import { savedRows, type SavedRows } from "../../src/detect/saved-rows.ts";
import { samplesPerBucket } from "../../src/detect/bucket-ring.ts";
import { fewestPlaces, type Lane } from "../../src/detect/lane.ts";
import { binOf, quantileOf, sketchBins } from "../../src/detect/sketch.ts";
import { createSlot, known, Scratch } from "../../src/detect/slot.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import {
  addingCounters,
  aLane,
  allFigures,
  laneBucketMs,
  laneEvents,
  laneStart,
  laneWindowMs,
  lastLaneBucket,
  lastThree,
  observe,
} from "../support/a-lane.ts";
import { anEvent } from "../support/an-event.ts";

// A quiet row keeps its observations one by one, a busy one keeps buckets: both have to give what the
// events themselves say, in whichever order they come.

describe.each([
  ["a quiet row", { minLength: 1, maxLength: fewestPlaces }],
  ["a row that is promoted", { minLength: fewestPlaces + 1, maxLength: 60 }],
] as const)("%s", (_, length) => {
  test("gives the figures of its events, at the end of every bucket", () => {
    fc.assert(
      fc.property(laneEvents(length), (given) => {
        const lane = aLane();
        for (const event of given) observe(lane, event);
        for (let end = lane.bucketOf(laneStart); end <= lastLaneBucket; end += 7) {
          expect(lane.slots.map((slot) => lane.figure(0, slot, end))).toEqual(plainly(given, end));
        }
      }),
    );
  });

  test("gives the newest of what it remembers", () => {
    fc.assert(
      fc.property(laneEvents(length), fc.boolean(), (given, alone) => {
        const lane = aLane(alone ? [lastThree] : [...addingCounters, lastThree]);
        const inOrder = [...given].sort((a, b) => a.time - b.time);
        for (const event of inOrder) observe(lane, event);
        const newest = inOrder.filter(({ status }) => status === 200).slice(-3);
        const window = newest.filter(({ time }) => Math.floor(time / laneBucketMs) > lastLaneBucket - lane.span);
        const remembered = lane.figure(0, lane.slots.at(-1)!, lastLaneBucket);
        expect(remembered).toMatchObject(window.map(({ time }) => ({ time })));
        expect(remembered).toHaveLength(window.length);
      }),
    );
  });

  test("gives the same figures and samples in any order, also of what it remembers", () => {
    fc.assert(
      fc.property(laneEvents(length), fc.infiniteStream(fc.nat()), (given, shuffle) => {
        const lanes = [given, shuffled(given, shuffle)].map((events) => {
          const lane = aLane([...addingCounters, lastThree]);
          for (const event of events) observe(lane, event);
          return lane;
        });
        const [one, other] = lanes.map((lane) => ({
          figures: allFigures(lane),
          samples: hashes(lane),
        }));
        expect(other).toEqual(one);
      }),
    );
  });

  test("is the same after it was saved and loaded", () => {
    fc.assert(
      fc.property(laneEvents(length), (given) => {
        const lane = aLane([...addingCounters, lastThree]);
        for (const event of given) observe(lane, event, 3);
        const restored = aLane([...addingCounters, lastThree]);
        const [row] = savedRows(deserialize(serialize(lane.save([3]))) as SavedRows);
        restored.merge(5, row!);
        expect(allFigures(restored, 5)).toEqual(allFigures(lane, 3));
        expect(hashes(restored, 5)).toEqual(hashes(lane, 3));
      }),
    );
  });
});

test("events of the same moment are remembered by their content, not by their order", () => {
  const events = Array.from({ length: 20 }, (_, i) => anEvent({ time: laneStart, durationMs: i, requestId: `${i}` }));
  const [one, other] = [events, events.toReversed()].map((given) => {
    const lane = aLane([lastThree]);
    for (const event of given) observe(lane, event);
    return lane.figure(0, lane.slots[0]!, lane.bucketOf(laneStart));
  });
  expect(other).toEqual(one);
});

test("of each bucket the earliest samples are kept", () => {
  const lane = aLane();
  const events = Array.from({ length: 20 }, (_, i) => anEvent({ time: laneStart + i, status: 401, requestId: `${i}` }));
  for (const event of events.toReversed()) observe(lane, event);
  const kept = lane.samples(0, lane.bucketOf(laneStart)).map(({ time }) => time - laneStart);
  expect(kept).toEqual(Array.from({ length: samplesPerBucket }, (_, i) => i));
  expect(lane.wantsSample(0, laneStart + 19)).toBe(false);
  expect(lane.wantsSample(0, laneStart)).toBe(true);
});

test("a row that is forgotten begins anew, quiet or promoted", () => {
  for (const events of [2, 30]) {
    const lane = aLane();
    for (let i = 0; i < events; i++) observe(lane, anEvent({ time: laneStart + i, status: 401 }));
    lane.forget(0);
    expect(lane.rings.used).toBe(0);
    expect(lane.figure(0, lane.slots[0]!, lane.bucketOf(laneStart))).toBe(0);
  }
});

test("when all rings are taken, a row written long ago loses its own, and that is counted", () => {
  const rows = 2_048;
  const changed = new ChangedRows(rows);
  const lane = aLane(addingCounters.slice(0, 1), rows, { changed });
  const promote = (row: number) => {
    for (let i = 0; i <= fewestPlaces; i++) observe(lane, anEvent({ time: laneStart + i, status: 401 }), row);
  };
  for (let row = 0; row < 1_024; row++) promote(row);
  expect(lane).toMatchObject({ rings: { used: 1_024, takenOver: 0 } });
  // All but the first few are written again: one of those few has to give way.
  for (let row = 8; row < 1_024; row++) observe(lane, anEvent({ time: laneStart + 50, status: 401 }), row);
  promote(2_000);
  expect(lane).toMatchObject({ rings: { used: 1_024, takenOver: 1 } });
  const figureOf = (row: number) => lane.figure(row, lane.slots[0]!, lane.bucketOf(laneStart));
  expect(figureOf(2_000)).toBe(fewestPlaces + 1);
  expect(Array.from({ length: 8 }, (_, row) => figureOf(row)).filter((figure) => figure === 0)).toHaveLength(1);
  expect(figureOf(8)).toBe(fewestPlaces + 2);
  expect(changed.take().map((row) => [row < 8, figureOf(row)])).toEqual([[true, 0]]);
});

test("a quiet row forgets what no window to be sealed can hold, and is not promoted for it", () => {
  const lane = aLane(addingCounters.slice(0, 1));
  const scratch = new Scratch();
  for (let i = 0; i < 50; i++) {
    const time = laneStart + i * laneWindowMs;
    scratch.mask = 1;
    lane.observe(0, { time, hash: i, sample: undefined, evidence: 1 }, scratch, time - 10_000);
  }
  expect(lane.rings.used).toBe(0);
  expect(lane.mostEvents(0)).toBeLessThanOrEqual(fewestPlaces);
});

test("holds at most 31 counters", () => {
  const lane = aLane(Array.from({ length: 31 }, () => addingCounters[0]!));
  expect(() => lane.addSlot(createSlot(addingCounters[0]!))).toThrow("at most 31 counters");
});

// helpers

function hashes(lane: Lane, row = 0): number[] {
  const found = lane.samples(row, lastLaneBucket).map(({ hash }) => hash);
  return found.sort((a, b) => a - b);
}

function shuffled(events: readonly AccessEvent[], shuffle: fc.Stream<number>): AccessEvent[] {
  return events
    .map((event) => ({ event, at: shuffle.next().value as number }))
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
}

/** The same figures, counted from the events in the plainest way. */
function plainly(given: readonly AccessEvent[], end: number): ReturnType<Lane["figure"]>[] {
  const bucketOf = ({ time }: AccessEvent) => Math.floor(time / laneBucketMs);
  const inWindow = given.filter(
    (event) => bucketOf(event) <= end && bucketOf(event) > end - laneWindowMs / laneBucketMs,
  );
  const longitudes = inWindow.flatMap((event) => event.longitude ?? []);
  const bins = new Uint32Array(sketchBins);
  for (const { status, durationMs } of inWindow) if (status === 200) bins[binOf(durationMs!)]!++;
  const users = new Set(inWindow.flatMap((event) => event.userId ?? []));
  return [
    inWindow.filter((event) => event.status === 401).length,
    inWindow.reduce((total, event) => total + (event.durationMs ?? 0), 0),
    longitudes.length === 0 ? 0 : Math.max(...longitudes),
    { known: users.size > 0, value: users.size },
    known(quantileOf(bins, 0.9)),
  ];
}
