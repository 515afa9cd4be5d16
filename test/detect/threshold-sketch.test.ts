import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Customers } from "../../src/detect/customers.ts";
import { count, type DetectorDefinition, distinct, isFailed } from "../../src/detect/define-detector.ts";
import type { ThresholdReport } from "../../src/detect/threshold-sketch.ts";
import { ThresholdWatcher } from "../../src/detect/threshold-watcher.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");

/** Eight failed sign-ins of a client within a minute; or four accounts, whatever the failures. */
const stuffing = aDetector({
  id: "stuffing",
  params: z.strictObject({
    failures: z.int().min(1).default(8),
    accounts: z.int().min(1).default(4),
    share: z.number().min(0).max(1).default(0.5),
    agents: z.int().min(1).default(3),
  }),
  counters: {
    failures: count(isFailed),
    attempts: count(),
    accounts: distinct((e) => e.userId, isFailed),
    agents: distinct((e) => e.userAgent),
  },
  floor: (p) => Math.min(Number(p["failures"]), Number(p["accounts"])),
  fires: (figures, params) => {
    const f = figures as unknown as {
      failures: number;
      attempts: number;
      accounts: { value: number };
      agents: { value: number };
    };
    const p = params as { failures: number; accounts: number; share: number; agents: number };
    if (f.agents.value > p.agents) return false;
    return (f.failures >= p.failures && f.failures >= p.share * f.attempts) || f.accounts.value >= p.accounts;
  },
});

const failed = (second: number, partial: Partial<AccessEvent> = {}): AccessEvent =>
  anEvent({
    ...{ time: start + second * 1000, endpointClass: "login", status: 401, outcome: "failed", clientIp: "203.0.113.7" },
    ...{ requestId: `${second}`, ...partial },
  });
const tries = (times: number, partial: Partial<AccessEvent> = {}, from = 0) =>
  Array.from({ length: times }, (_, i) => failed(from + i, partial));

function watch(events: readonly AccessEvent[], definition: DetectorDefinition = stuffing) {
  const customers = new Customers();
  const watcher = new ThresholdWatcher({ isWatched: () => true, customers });
  const clock = new TestClock(start);
  const { engine, process } = anEngine({ detectors: [active(definition)], clock, watcher });
  const inOrder = events.toSorted((a, b) => a.time - b.time);
  const told = inOrder.flatMap((event) => {
    customers.see(event);
    return process([event]);
  });
  told.push(...engine.finish());
  const found = new Set(told.filter(({ sealed }) => sealed).map(({ id }) => id)).size;
  return { found, of: watcher.of(definition.id), failures: named(watcher.of(definition.id)?.parameters, "failures") };
}

function named(reports: readonly ThresholdReport[] | undefined, parameter: string): ThresholdReport | undefined {
  return reports?.find((report) => report.parameter === parameter);
}
const detectionsAt = (report: ThresholdReport | undefined, value: number) =>
  report?.at.find((one) => one.value === value)?.detections;

describe("a threshold", () => {
  test.for<[string, AccessEvent[], { near: number; max: number; at: Record<number, number> }]>([
    ["is near at half of it", tries(4), { near: 1, max: 4, at: { 4: 1, 5: 0, 8: 0 } }],
    ["tells how far each came", [...tries(11), ...tries(6, { clientIp: "203.0.113.8" })], { near: 2, max: 11, at: { 4: 2, 6: 2, 8: 1, 10: 1, 12: 0 } }],
    ["counts a key again once it was quiet", [...tries(9), ...tries(9, {}, 300)], { near: 2, max: 9, at: { 8: 2, 9: 2, 10: 0 } }],
    ["and once while it goes on", tries(200), { near: 1, max: 60, at: { 8: 1, 56: 1, 80: 0 } }],
    ["is followed beyond the highest value it is tried at", tries(58).map((e, i) => ({ ...e, time: start + i * 300 })).concat(tries(58).map((e, i) => ({ ...e, time: start + 150 + i * 300, requestId: `b${i}` }))), { near: 1, max: 116, at: { 80: 1 } }],
  ])("%s", ([, events, expected]) => {
    const { failures } = watch(events);
    expect({ near: failures?.near.times, max: failures?.near.max }).toEqual({ near: expected.near, max: expected.max });
    for (const [value, times] of Object.entries(expected.at)) expect([value, detectionsAt(failures, Number(value))]).toEqual([value, times]);
  }); // prettier-ignore

  test("that nobody came near says nothing", () => expect(watch(tries(3)).failures).toBeUndefined());

  test("counts what comes anew where it was quiet for that value alone", () => {
    const events = [...tries(9), ...tries(5, {}, 70), ...tries(9, {}, 130)];
    const { failures } = watch(events, { ...stuffing, quiet: "90s" });
    expect(failures?.near).toMatchObject({ times: 1, max: 9 });
    expect([4, 5, 6, 8].map((value) => detectionsAt(failures, value))).toEqual([1, 1, 2, 2]);
  });

  test("counts at its own value what was found", () => {
    const events = Array.from({ length: 40 }, (_, i) =>
      tries((i * 7) % 23, { clientIp: `203.0.113.${i}`, userId: undefined }, (i * 13) % 50),
    ).flat();
    const { found, failures } = watch(events);
    expect(found).toBeGreaterThan(10);
    expect(detectionsAt(failures, 8)).toBe(found);
  });

  test("tells what another condition makes, however high it is", () => {
    const lists = tries(12).map((event, i) => ({ ...event, userId: `listed-${i}` }));
    const { of, failures } = watch([...lists, ...tries(9, { clientIp: "203.0.113.9" })]);
    expect(failures).toMatchObject({ always: 1, near: { times: 1, max: 9 } });
    expect(detectionsAt(failures, 80)).toBe(1);
    expect(named(of?.parameters, "accounts")).toBeUndefined();
    // Both together decide of both: nine failures and twelve accounts.
    const all = named(of?.parameters, "failures, accounts");
    expect(all).toMatchObject({
      multiplesOf: { failures: 8, accounts: 4 },
      value: 1,
      always: 0,
      near: { times: 2, max: 2.75 },
    });
    expect([1, 1.1, 1.3, 2.5, 3].map((value) => detectionsAt(all, value))).toEqual([2, 2, 1, 1, 0]);
  });

  test("that is a share keeps to what it may be", () => {
    const mixed = Array.from({ length: 20 }, (_, i) => failed(i, i % 4 === 0 ? { status: 200, outcome: "ok" } : {}));
    const share = named(watch(mixed).of?.parameters, "share");
    expect(share?.at.at(-1)?.value).toBeLessThanOrEqual(1);
    expect(share?.near.max).toBe(0.75);
  });

  test("that makes it fire less when it is lower is none that can be raised", () => {
    expect(named(watch(tries(20)).of?.parameters, "agents")).toBeUndefined();
  });

  test("tells customers from others, by what they did before", () => {
    const bought = anEvent({ time: start - 60_000, endpointClass: "checkout", clientIp: "203.0.113.7" });
    const signedIn = anEvent({ time: start - 60_000, endpointClass: "login", clientIp: "203.0.113.8" });
    const { failures } = watch([
      ...[bought, signedIn, ...tries(11)],
      ...[...tries(9, { clientIp: "203.0.113.8" }), ...tries(30, { clientIp: "203.0.113.9" })],
    ]);
    expect(failures?.highest).toEqual({ bought: 11, signedIn: 9, neither: 30 });
    expect(failures?.at.find(({ value }) => value === 8)).toMatchObject({ detections: 3, bought: 1, signedIn: 1 });
    expect(failures?.at.find(({ value }) => value === 10)).toMatchObject({ detections: 2, bought: 1, signedIn: 0 });
    expect(failures?.at.find(({ value }) => value === 12)).toMatchObject({ detections: 1, bought: 0, signedIn: 0 });
  });

  test("is not held against a detector that throws at other values", () => {
    const fragile = aDetector({
      id: "fragile",
      params: z.strictObject({ failures: z.int().min(1).default(8) }),
      fires: (figures, params) => {
        if (params["failures"] !== 8) throw new Error("only eight");
        return Number(figures["failures"]) >= 8;
      },
    });
    expect(watch(tries(20), fragile)).toMatchObject({ found: 1, of: { parameters: [] } });
  });

  test("of a detector that is not watched takes no part", () => {
    const watcher = new ThresholdWatcher({ isWatched: ({ mode }) => mode === "dry-run" });
    const { engine, process } = anEngine({ detectors: [active(stuffing)], clock: new TestClock(start), watcher });
    process(tries(20));
    engine.finish();
    expect(watcher.of("stuffing")).toBeUndefined();
  });
});

test("keys beyond those that can be followed are counted", () => {
  const many = Array.from({ length: 2100 }, (_, i) => tries(5, { clientIp: `10.0.${i >> 8}.${i & 255}` })).flat();
  expect(watch(many).of).toMatchObject({ leftOut: expect.any(Number) });
  expect(watch(many).of!.leftOut).toBeGreaterThanOrEqual(52);
});
