import { expect, test } from "vitest";
import { FailureLimit } from "../../src/api/failure-limit.ts";
import { TestClock } from "../support/test-clock.ts";

test("ten failures a minute, then the time to wait; each peer for itself", async () => {
  const clock = new TestClock();
  const limit = new FailureLimit(clock);
  for (let i = 0; i < 10; i++) expect(limit.failed("a")).toBe(0);
  await clock.advance(20_000);
  expect(limit.failed("a")).toBe(40_000);
  expect(limit.failed("b")).toBe(0);
  await clock.advance(40_000);
  expect(limit.failed("a")).toBe(0);
});

test("a flood of peers takes no more memory than a few thousand", () => {
  const limit = new FailureLimit(new TestClock());
  for (let i = 0; i < 20_000; i++) limit.failed(`peer ${i}`);
  expect(limit.size).toBe(4096);
});
