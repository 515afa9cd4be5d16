import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Watermark } from "../../src/detect/watermark.ts";
import { TestClock } from "../support/test-clock.ts";

const second = 1_000;
const start = Date.UTC(2026, 7, 22, 9);

function aWatermark(clock = new TestClock(start)) {
  const watermark = new Watermark({ clock, latenessMs: 10 * second, idleAfterMs: 15 * second, aheadMs: 45 * second });
  /** Reads up to so many seconds after the start, and moves on. */
  const read = (partition: string, seconds: number) => {
    watermark.readUpTo(watermark.heard(partition), start + seconds * second);
    return at();
  };
  /** Where it is, in seconds after the start; `undefined` before anything is known. */
  const at = () => {
    const value = watermark.advance();
    return value === 0 ? undefined : (value - start) / second;
  };
  return { watermark, clock, read, at };
}

describe("of one partition", () => {
  test("it follows by the lateness, and an older event doesn't take it back", () => {
    const { read } = aWatermark();
    expect(read("a", 20)).toBe(10);
    expect(read("a", 15)).toBe(10);
    expect(read("a", 30)).toBe(20);
  });

  test("nothing read yet: there is none", () => {
    const { at, watermark } = aWatermark();
    expect(at()).toBeUndefined();
    watermark.assign("a");
    expect(at()).toBeUndefined();
  });

  test("once it is idle, all that was read is complete", async () => {
    const { read, at, clock, watermark } = aWatermark();
    read("a", 20);
    await clock.advance(14 * second);
    expect(at()).toBe(10);
    await clock.advance(second);
    expect(at()).toBeCloseTo(20.001);
    expect(watermark.newest).toBe(start + 20 * second);
  });

  test("an end for good waits for nothing", () => {
    const { read, at, watermark } = aWatermark();
    read("a", 20);
    watermark.end("a");
    expect(at()).toBeCloseTo(20.001);
    // It was not the end after all (a file grew): reading goes on, and it doesn't go back.
    expect(read("a", 25)).toBeCloseTo(20.001);
    expect(read("a", 40)).toBe(30);
  });
});

describe("of several partitions", () => {
  test("it is the minimum", () => {
    const { read, watermark } = aWatermark();
    watermark.assign("a");
    watermark.assign("b");
    read("a", 60);
    expect(read("b", 30)).toBe(20);
    expect(read("b", 70)).toBe(50);
  });

  test("one that is assigned and not heard from yet is waited for, until it is idle", async () => {
    const { read, at, clock, watermark } = aWatermark();
    watermark.assign("b");
    expect(read("a", 60)).toBeUndefined();
    await clock.advance(14 * second);
    expect(read("a", 61)).toBeUndefined();
    await clock.advance(second);
    expect(at()).toBe(51);
  });

  test("an idle one leaves, and holds it back again once it is heard from", async () => {
    const { read, clock } = aWatermark();
    read("a", 20);
    read("b", 20);
    await clock.advance(15 * second);
    expect(read("a", 40)).toBe(30);
    // What b brings is older than what is sealed: the watermark stays, and waits for b.
    expect(read("b", 25)).toBe(30);
    expect(read("a", 80)).toBe(30);
    expect(read("b", 75)).toBe(65);
  });

  test("one that ended or was taken away is not waited for", () => {
    const { read, at, watermark } = aWatermark();
    read("a", 20);
    read("b", 60);
    read("c", 60);
    watermark.end("a");
    expect(at()).toBe(50);
    read("b", 90);
    watermark.release("c");
    expect(at()).toBe(80);
  });

  test("while all are taken away, as in a rebalance, it stays where it is", () => {
    const { read, at, watermark } = aWatermark();
    read("a", 20);
    read("b", 40);
    watermark.release("a");
    watermark.release("b");
    expect(at()).toBe(10);
    watermark.assign("a");
    expect(at()).toBe(10);
    expect(read("a", 25)).toBe(15);
  });
});

describe("one that is far ahead", () => {
  test("is paused, once, and resumed when the others come near", () => {
    const { read, watermark } = aWatermark();
    read("b", 0);
    read("a", 40);
    expect(watermark.pauses()).toEqual({ pause: [], resume: [] });
    read("a", 50);
    expect(watermark.pauses()).toEqual({ pause: ["a"], resume: [] });
    expect(watermark.pauses()).toEqual({ pause: [], resume: [] });
    read("b", 20);
    expect(watermark.pauses()).toEqual({ pause: [], resume: [] });
    read("b", 30);
    expect(watermark.pauses()).toEqual({ pause: [], resume: ["a"] });
  });

  test("is paused also while another is still waited for, or a backlog would be counted beyond what is kept", async () => {
    const { read, at, clock, watermark } = aWatermark();
    watermark.assign("b");
    read("a", 0);
    read("a", 46);
    expect(watermark.pauses()).toEqual({ pause: ["a"], resume: [] });
    // b has nothing at all: it leaves, and a goes on.
    await clock.advance(15 * second);
    expect(at()).toBe(36);
    expect(watermark.pauses()).toEqual({ pause: [], resume: ["a"] });
  });

  test("doesn't count as idle while it is paused, and has its time again afterwards", async () => {
    const { read, at, clock, watermark } = aWatermark();
    read("b", 0);
    read("a", 100);
    watermark.pauses();
    await clock.advance(14 * second);
    read("b", 10);
    await clock.advance(14 * second);
    expect(read("b", 200)).toBe(90);
    expect(watermark.pauses()).toMatchObject({ resume: ["a"], pause: ["b"] });
    await clock.advance(14 * second);
    expect(at()).toBe(90);
    await clock.advance(second);
    expect(at()).toBe(190);
  });
});

test("it never goes back, whatever happens", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("read" as const), p: fc.constantFrom("a", "b", "c"), s: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ do: fc.constantFrom("end" as const, "release" as const, "assign" as const), p: fc.constantFrom("a", "b", "c") }),
    fc.record({ do: fc.constant("wait" as const), s: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ do: fc.constant("pauses" as const) }),
  ); // prettier-ignore
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let now = start;
      const clock = { now: () => now, monotonic: () => now, after: () => () => {}, every: () => () => {} };
      const { watermark } = aWatermark(clock as unknown as TestClock);
      let before = 0;
      for (const step of steps) {
        if (step.do === "read") watermark.readUpTo(watermark.heard(step.p), start + step.s * second);
        else if (step.do === "wait") now += step.s * second;
        else if (step.do === "pauses") watermark.pauses();
        else watermark[step.do](step.p);
        const value = watermark.advance();
        expect(value).toBeGreaterThanOrEqual(before);
        expect(value).toBeLessThanOrEqual(watermark.newest + 1);
        before = value;
      }
    }),
  );
});

test("it goes on after a restart where it was, and waits for the partitions it knew", async () => {
  const before = aWatermark();
  before.read("b", 30);
  before.read("a", 60);
  const { watermark, at, read, clock } = aWatermark();
  watermark.load(before.watermark.save());
  expect(at()).toBe(20);
  expect(watermark.newest).toBe(start + 60 * second);
  expect(read("a", 100)).toBe(20);
  await clock.advance(15 * second);
  expect(read("a", 101)).toBe(91);
});

test("a finish completes everything", () => {
  const { watermark, read } = aWatermark();
  read("a", 20);
  expect(watermark.finish(start + 500 * second)).toBe(start + 500 * second);
  expect(watermark.finish(start)).toBe(start + 500 * second);
});
