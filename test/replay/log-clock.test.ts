import { describe, expect, test } from "vitest";
import { LogClock, stepsBetween } from "../../src/replay/log-clock.ts";

describe("a clock that follows the log", () => {
  test("moves only forwards", () => {
    const clock = new LogClock();
    clock.advanceTo(5_000);
    clock.advanceTo(3_000);
    expect(clock.now()).toBe(5_000);
    expect(clock.monotonic()).toBe(5_000);
  });

  test("runs what falls due on the way, in order and at its time", () => {
    const clock = new LogClock();
    const ran: [string, number][] = [];
    const note = (name: string) => () => void ran.push([name, clock.now()]);
    clock.after(2_500, note("once"));
    clock.every(1_000, note("again"));
    clock.after(10_000, note("later"));
    clock.advanceTo(3_000);
    expect(ran).toEqual([
      ["again", 1_000],
      ["again", 2_000],
      ["once", 2_500],
      ["again", 3_000],
    ]);
  });

  test("a cancelled timer never runs", () => {
    const clock = new LogClock();
    const ran: string[] = [];
    const cancel = clock.every(1_000, () => {
      ran.push("tick");
      cancel();
    });
    clock.after(500, () => ran.push("never"))();
    clock.advanceTo(60_000);
    expect(ran).toEqual(["tick"]);
  });
});

describe("steps over a gap", () => {
  test("a second each for the first minute, so that nothing is judged late", () => {
    expect([...stepsBetween(1_000, 4_500)]).toEqual([2_000, 3_000, 4_000, 4_500]);
    const steps = [...stepsBetween(0, 60_000)];
    expect(steps).toHaveLength(60);
    expect(steps.at(-1)).toBe(60_000);
  });

  test("few for a long one, and the last one is its end", () => {
    const year = 365 * 86_400_000;
    const steps = [...stepsBetween(0, year)];
    expect(steps.length).toBeLessThan(250);
    expect(steps.at(-1)).toBe(year);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });

  test.for([
    ["no gap", 7, 7],
    ["backwards", 7, 3],
  ] as const)("none: %s", ([, from, to]) => expect([...stepsBetween(from, to)]).toEqual([]));
});
