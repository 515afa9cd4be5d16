import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventQueue } from "../../src/simulate/event-queue.ts";

test("items come in order of time, and those of one millisecond in the order they were added", () => {
  // Some within the calendar, some far beyond it.
  const wait = fc.oneof(fc.nat(50), fc.nat(70_000), fc.nat(10_000_000));
  fc.assert(
    fc.property(fc.array(wait, { maxLength: 200 }), (waits) => {
      const queue = new EventQueue<{ time: number; n: number }>(1_000);
      const items = waits.map((ms, n) => ({ time: 1_000 + ms, n }));
      for (const item of items) queue.add(item.time, item);
      const taken: unknown[] = [];
      while (queue.size > 0) {
        const item = queue.takeBefore(Infinity)!;
        expect(queue.now).toBe(item.time);
        taken.push(item);
      }
      expect(taken).toEqual(items.toSorted((a, b) => a.time - b.time || a.n - b.n));
    }),
    { numRuns: 60 },
  );
});

test("what is added meanwhile comes in its place", () => {
  const queue = new EventQueue<string>(0);
  queue.add(5, "a");
  queue.add(200_000, "far");
  expect(queue.takeBefore(1_000_000)).toBe("a");
  queue.add(199_999, "before");
  queue.add(3, "late");
  expect(queue.takeBefore(1_000_000)).toBe("late");
  expect(queue.now).toBe(5);
  expect(queue.takeBefore(1_000_000)).toBe("before");
  expect(queue.takeBefore(200_000)).toBeUndefined();
  expect(queue.takeBefore(200_001)).toBe("far");
});
