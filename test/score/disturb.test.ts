import { describe, expect, test } from "vitest";
import type { Arrival } from "../../src/score/arrival.ts";
import { disturb } from "../../src/score/disturb.ts";
import { disturbances, type Disturbance } from "../../src/score/disturbance.ts";
import { anEvent } from "../support/an-event.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const calm: readonly Arrival[] = Array.from({ length: 3_600 }, (_, i) => {
  const at = start + i * 1_000;
  const event = anEvent({ time: at, clientIp: `198.51.100.${i % 200}`, requestId: String(i) });
  return { event, at, partition: "gateway", isExtra: false };
});

describe("a worse day", () => {
  test.for(disturbances.map((one) => [one] as const))("%s loses nothing, and arrives in order", ([one]) => {
    const worse = on(one);
    const own = worse.filter(({ isExtra }) => !isExtra).map(({ event }) => Number(event.requestId));
    expect(own.toSorted((a, b) => a - b)).toEqual(calm.map((_, i) => i));
    expect(worse.every(({ at }, i) => i === 0 || at >= worse[i - 1]!.at)).toBe(true);
  });

  test("is the same again for the same seed", () => {
    expect(on("shuffle", "duplicates", "late")).toEqual(on("shuffle", "duplicates", "late"));
  });

  test("shuffle: partitions overtake each other, and each stays in order", () => {
    const worse = on("shuffle");
    expect(worse.some(({ event }, i) => i > 0 && event.time < worse[i - 1]!.event.time)).toBe(true);
    for (const partition of new Set(worse.map((one) => one.partition))) {
      const times = worse.filter((one) => one.partition === partition).map(({ event }) => event.time);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  test("duplicates: about a twentieth twice", () => {
    const extra = on("duplicates").filter(({ isExtra }) => isExtra);
    expect(extra.length / calm.length).toBeCloseTo(0.05, 1);
    expect(extra.every(({ event }) => calm[Number(event.requestId)]?.event === event)).toBe(true);
  });

  test("late: about a twentieth half a minute late", () => {
    const late = on("late").filter(({ event, at }) => at - event.time >= 30_000);
    expect(late.length / calm.length).toBeCloseTo(0.05, 1);
  });

  test("skew: each partition's clock is wrong in its own way", () => {
    const off = new Map(on("skew").map(({ event, at, partition }) => [partition, event.time - at]));
    expect(new Set(off.values()).size).toBe(4);
  });

  test("keys: ten times as many strangers as rows in an hour, each once", () => {
    const strangers = on("keys").filter(({ isExtra }) => isExtra);
    expect(strangers.length).toBeGreaterThan(9_900);
    expect(new Set(strangers.map(({ event }) => event.clientKey)).size).toBeGreaterThan(strangers.length * 0.98);
  });
});

function on(...which: Disturbance[]): Arrival[] {
  return [...disturb(calm, { disturbances: new Set(which), seed: 3, rows: 1_000 })];
}
