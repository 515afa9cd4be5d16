import { expect, test } from "vitest";
import { Rates } from "../src/rates.ts";
import { TestClock } from "./support/test-clock.ts";

test("how many a second over the last ten, by name", async () => {
  const clock = new TestClock();
  const rates = new Rates(clock);
  for (let i = 0; i < 20; i++) {
    rates.add("edge", 30);
    rates.add("push", 1);
    await clock.advance(1_000);
  }
  // Nine whole seconds, and the one that has just begun.
  expect([rates.perSecond("edge"), rates.perSecond("push")]).toEqual([27, 0.9]);
});

test("what is older than ten seconds is forgotten, also when nothing came since", async () => {
  const clock = new TestClock();
  const rates = new Rates(clock);
  rates.add("edge", 100);
  await clock.advance(9_999);
  expect(rates.perSecond("edge")).toBe(10);
  await clock.advance(1_000);
  expect(rates.perSecond("edge")).toBe(0);
  expect(rates.perSecond("never heard of")).toBe(0);
});

test("several in one second add up", () => {
  const rates = new Rates(new TestClock());
  for (let i = 0; i < 7; i++) rates.add("edge", 1);
  expect(rates.perSecond("edge")).toBe(0.7);
});
