import * as fc from "fast-check";
import { expect, test } from "vitest";
import { count, distinct, max, sum, type Counter } from "../../src/detect/define-detector.ts";
import { Lane } from "../../src/detect/lane.ts";
import { sparseEntries } from "../../src/detect/sparse-rows.ts";
import { SampleRing } from "../../src/detect/sample.ts";
import { createSlot, Scratch } from "../../src/detect/slot.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { anEvent } from "../support/an-event.ts";

// A quiet row keeps its observations one by one, a busy one keeps buckets: both have to give what the
// events themselves say.

const windowMs = 60_000;
const bucketMs = 1_000;
const start = Date.UTC(2026, 7, 22, 9);
const counters: readonly Counter[] = [
  count((event) => event.status === 401),
  sum((event) => event.durationMs),
  max((event) => event.durationMs),
  distinct((event) => event.userId),
];

const events = (length: { minLength: number; maxLength: number }) =>
  fc.array(
    fc
      .record({
        time: fc.nat({ max: windowMs - 1 }).map((ms) => start + ms),
        status: fc.constantFrom(200, 401),
        durationMs: fc.nat({ max: 500 }),
        userId: fc.option(fc.constantFrom("anna", "ben", "cleo"), { nil: undefined }),
      })
      .map((given) => anEvent(given)),
    length,
  );

test.for([
  ["a quiet row", { minLength: 1, maxLength: sparseEntries }, 0],
  ["a row that was promoted", { minLength: sparseEntries + 1, maxLength: 40 }, 1],
] as const)("%s gives the figures of its events, at the end of every bucket", ([, length, promoted]) => {
  fc.assert(
    fc.property(events(length), (given) => {
      const lane = aLane();
      given.forEach((event, i) => observe(lane, event, i));
      expect(lane.promoted).toBe(promoted);
      for (let end = lane.bucketOf(start); end < lane.bucketOf(start) + lane.span; end += 7) {
        expect(lane.slots.map((slot) => lane.figure(0, slot, end))).toEqual(plainly(given, end));
      }
    }),
  );
});

// helpers

function aLane(): Lane {
  const lane = new Lane({ rows: 4, windowMs, bucketMs, slackMs: 0, ring: new SampleRing(16) });
  for (const counter of counters) lane.addSlot(createSlot(counter));
  lane.allocate();
  return lane;
}

function observe(lane: Lane, event: AccessEvent, hash: number): void {
  const scratch = new Scratch();
  for (const slot of lane.slots) scratch.evaluate(slot, event);
  if (scratch.mask === 0) return;
  const { time } = event;
  lane.observe(0, { time, hash, sample: undefined, isEvidence: false }, scratch, { sealedUntil: 0 });
}

/** The same figures, counted from the events in the plainest way. */
function plainly(given: readonly AccessEvent[], end: number): ReturnType<Lane["figure"]>[] {
  const inWindow = given.filter(({ time }) => Math.floor(time / bucketMs) <= end);
  const durations = inWindow.map((event) => event.durationMs ?? 0);
  const users = new Set(inWindow.flatMap((event) => event.userId ?? []));
  return [
    inWindow.filter((event) => event.status === 401).length,
    durations.reduce((a, b) => a + b, 0),
    Math.max(0, ...durations),
    { known: users.size > 0, value: users.size },
  ];
}
