import { expect, test } from "vitest";
import { count } from "../../src/detect/define-detector.ts";
import { TestClock } from "../support/test-clock.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";

const start = Date.UTC(2026, 7, 22, 9);

/** How often a detector was asked about one client's events, so many in a second, in batches of this size. */
function askedBy(events: number, size: number): number {
  let asked = 0;
  const counting = aDetector({
    where: {},
    key: ["clientIp"],
    floor: undefined,
    counters: { all: count() },
    evidence: undefined,
    fires: () => asked++ < 0,
  });
  const { process } = anEngine({ detectors: [active(counting)], clock: new TestClock(start) });
  const all = Array.from({ length: events }, (_, i) => anEvent({ time: start + i, clientIp: "203.0.113.7" }));
  for (let at = 0; at < all.length; at += size) process(all.slice(at, at + size));
  return asked;
}

test.for([
  ["a batch within a second: once", 500, 500, 1],
  ["batches of one: each time", 20, 1, 20],
  ["small batches: once a batch", 500, 50, 10],
  ["a batch over several seconds: once a second", 4_000, 4_000, 4],
] as const)("a key is judged on change, in %s", ([, events, size, times]) => {
  expect(askedBy(events, size)).toBe(times);
});
