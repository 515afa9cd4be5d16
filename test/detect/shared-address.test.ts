import { deserialize, serialize } from "node:v8";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DetectorDefinition, natFactor } from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { type SavedMemory, TrafficMemory } from "../../src/detect/traffic-memory.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const minute = 60_000;
const office = "203.0.113.7";

/** Three failures of a client within a minute, times the users it is shared by. */
const scaled = aDetector({
  fires: (figures, _p, context) => Number(figures["failures"]) >= 3 * natFactor(context),
});

const login = (at: number, partial: Partial<AccessEvent> = {}): AccessEvent =>
  anEvent({
    ...{ time: start + at, endpointClass: "login", status: 401, outcome: "failed", userId: "mallory" },
    ...{ clientIp: office, requestId: `${at}`, ...partial },
  });
const success = (at: number, user: number): AccessEvent =>
  login(at, { status: 200, outcome: "ok", userId: `user-${user}` });

/** Twenty people sign in from the office within the first minute. */
const people = Array.from({ length: 20 }, (_, i) => success(i * 2_000, i));
const failures = (from: number, count: number) => Array.from({ length: count }, (_, i) => login(from + i * 500));

function engineOf(definition: DetectorDefinition) {
  return anEngine({ detectors: [active(definition)], clock: new TestClock(start) });
}

function run(definition: DetectorDefinition, events: readonly AccessEvent[]) {
  const { process, engine } = engineOf(definition);
  return [...process(events.toSorted((a, b) => a.time - b.time)), ...engine.finish()];
}

const sealedAt = (told: readonly Detection[]) =>
  told.filter(({ sealed }) => sealed).map(({ firedAt }) => (firedAt - start) / 1000);

test.for([
  [undefined, 1],
  [0, 1],
  [5, 1],
  [20, 4],
  [64, 12.8],
] as const)("limits behind %s users are %d times as high", ([successfulUsers, expected]) =>
  expect(natFactor({ successfulUsers })).toBe(expected),
);

describe("an address that many sign in from", () => {
  test("takes more failures, from the next full minute on", () => {
    // Whether the failures come in the first minute, or in the second, when the people are known.
    expect(sealedAt(run(scaled, [...people, ...failures(50_000, 6)]))).not.toEqual([]);
    expect(sealedAt(run(scaled, [...people, ...failures(62_000, 6)]))).toEqual([]);
    expect(sealedAt(run(scaled, [...people, ...failures(62_000, 20)]))).not.toEqual([]);
  });

  test("is known by an actor that is a client, and not by one that is a user", () => {
    const told: (number | undefined)[] = [];
    const curious = aDetector({
      ...{ key: ["actor"], evidence: undefined, summary: () => "", target: () => undefined },
      fires: (_figures, _p, { successfulUsers }) => told.push(successfulUsers) < 0,
    });
    const { process } = engineOf(curious);
    process([...people, success(61_000, 99), success(90_000, 99)]);
    told.length = 0;
    process([login(95_000, { userId: undefined })]);
    process([login(95_000, { userId: "anna" })]);
    expect(told.filter((users) => users !== undefined)).toHaveLength(1);
    expect(Math.abs(told.find((users) => users !== undefined)! - 20)).toBeLessThan(5);
  });

  test("is not known where the log has no users", () => {
    let seen: number | undefined = 1;
    const curious = aDetector({ fires: (_figures, _p, context) => (seen = context.successfulUsers) === 7 });
    const { process } = engineOf(curious);
    process([
      login(0, { userId: undefined }),
      login(70_000, { userId: undefined }),
      login(140_000, { userId: undefined }),
    ]);
    expect(seen).toBeUndefined();
  });
});

describe("what is judged by it depends on the events alone", () => {
  /** Others, at all times, so that buckets are sealed while people still sign in. */
  const others = Array.from({ length: 500 }, (_, i) => ({
    ...success(i * 500, 0),
    clientIp: "198.51.100.1",
    clientKey: "198.51.100.1",
  }));
  const latecomers = Array.from({ length: 20 }, (_, i) => success(120_000 + i * 200, 50 + i));
  const events = [
    ...others,
    ...people,
    ...failures(55_000, 4),
    ...failures(75_000, 14),
    ...failures(115_000, 16),
    ...latecomers,
    ...failures(200_000, 40),
  ].toSorted((a, b) => a.time - b.time);
  const expected = sealedAt(run(scaled, events));

  test("there is something to compare", () => expect(new Set(expected).size).toBeGreaterThan(1));

  test("not on order within the lateness, or how it is split", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: events.length, maxLength: events.length }),
        fc.integer({ min: 1, max: 30 }),
        (delays, size) => {
          const { process, engine } = engineOf(scaled);
          const late = events
            .map((event, i) => ({ event, at: event.time + delays[i]! }))
            .sort((a, b) => a.at - b.at)
            .map(({ event }) => event);
          const told: Detection[] = [];
          for (let at = 0; at < late.length; at += size) told.push(...process(late.slice(at, at + size)));
          expect(new Set(sealedAt([...told, ...engine.finish()]))).toEqual(new Set(expected));
        },
      ),
    );
  });

  test.for([30, 120, 150, 240, 270, 450])("nor on a restart after %i events", (crash) => {
    const first = engineOf(scaled);
    const told = [...first.process(events.slice(0, crash))];
    const second = engineOf(scaled);
    loadDetect(second, deserialize(serialize(saveDetect(first))) as SavedDetect);
    const all = [...told, ...second.process(events.slice(crash)), ...second.engine.finish()];
    expect(new Set(sealedAt(all))).toEqual(new Set(expected));
  });

  test("nor on a partition that was read long before the other", () => {
    const later = events.map((event) => ({ ...event, time: event.time + 400_000 }));
    const all = [...events, ...later];
    const { engine, watermark, process } = engineOf(scaled);
    for (const partition of ["p0", "p1"]) watermark.assign(partition);
    const of = (i: number) => all.filter((_, at) => at % 2 === i);
    const told = [...process(of(0), "p0"), ...process(of(1), "p1"), ...engine.finish()];
    expect(new Set(sealedAt(told))).toEqual(new Set(sealedAt(run(scaled, all))));
  });
});

describe("settled users", () => {
  const seen = fc.array(
    fc.record({ at: fc.nat({ max: 20 * minute }), user: fc.nat({ max: 30 }), client: fc.nat({ max: 2 }) }),
    { maxLength: 80 },
  );
  const event = ({ at, user, client }: { at: number; user: number; client: number }) => ({
    ...success(at, user),
    clientIp: `10.0.0.${client}`,
    clientKey: `10.0.0.${client}`,
  });

  test("at each minute are those of the events before it, in any order, and over a restart", () => {
    fc.assert(
      fc.property(seen, fc.nat(), (given, seed) => {
        const inOrder = new TrafficMemory(1_024);
        for (const one of given.toSorted((a, b) => a.at - b.at)) inOrder.see(event(one));
        let shuffled = new TrafficMemory(1_024);
        const mixed = given.toSorted((a, b) => ((a.at * seed) % 101) - ((b.at * seed) % 101));
        mixed.forEach((one, i) => {
          shuffled.see(event(one));
          if (i !== mixed.length >> 1) return;
          const saved = deserialize(serialize(shuffled.save())) as SavedMemory;
          shuffled = new TrafficMemory(1_024);
          shuffled.load(saved);
        });
        for (let tick = 1; tick <= 21; tick++) {
          for (const memory of [inOrder, shuffled]) memory.settle(start + tick * minute);
          for (const client of ["10.0.0.0", "10.0.0.1", "10.0.0.2"]) {
            const until = given.filter(({ at }) => at < tick * minute);
            expect(shuffled.settledUsers(client)).toBe(inOrder.settledUsers(client));
            expect(inOrder.settledUsers(client) === undefined).toBe(until.length === 0);
          }
        }
        // In the end all of them are settled.
        for (const client of ["10.0.0.0", "10.0.0.1", "10.0.0.2"])
          expect(inOrder.settledUsers(client)).toBe(inOrder.successfulUsers(client));
      }),
    );
  });

  test("what came too early settles when its time has come, and what came too late never", () => {
    const memory = new TrafficMemory(1_024);
    memory.see(success(0, 1));
    memory.see(success(1_000, 2), { settles: false });
    memory.settle(start + minute);
    expect([memory.settledUsers(office), memory.successfulUsers(office)]).toEqual([1, 2]);
    memory.settleLater(success(minute + 1_000, 3));
    memory.settle(start + 2 * minute);
    expect(memory.settledUsers(office)).toBe(2);
  });
});
