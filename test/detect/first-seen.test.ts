import { deserialize, serialize } from "node:v8";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, type Firsts, firstSeen, isOk } from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import { FirstSeen, type SavedFirstSeen } from "../../src/detect/first-seen.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const memory = 1_000;
const epoch = 1_790_000_000;

interface Seen {
  readonly key: number;
  readonly value: number;
  readonly second: number;
}

/** Within two memories, so that a value has at most two stretches of time: more are never in play at once. */
const sightings = fc.array(
  fc.record({
    key: fc.nat({ max: 3 }),
    value: fc.nat({ max: 5 }),
    second: fc.nat({ max: 2 * memory }).map((s) => epoch + s),
  }),
  { maxLength: 60 },
);
const windows = fc.record({ begin: fc.nat({ max: 2 * memory }), length: fc.integer({ min: 1, max: 300 }) });

describe("first times depend on what was seen, and on nothing else", () => {
  test("figures are those of the plainest count, for any window", () => {
    fc.assert(
      fc.property(sightings, windows, (given, { begin, length }) => {
        const table = tableOf(given);
        const window = { begin: epoch + begin, end: epoch + begin + length, memory };
        for (let key = 0; key <= 3; key++)
          expect(table.figure(keyOf(key), window)).toEqual(plainly(given, key, window));
      }),
      { numRuns: 500 },
    );
  });

  test("not on order, repetition, or how it was split, saved and merged", () => {
    fc.assert(
      fc.property(sightings, sightings, fc.nat(), (one, other, seed) => {
        const whole = tableOf([...one, ...other]);
        const merged = tableOf(other.toSorted((a, b) => ((a.second * seed) % 97) - ((b.second * seed) % 97)));
        merged.merge(deserialize(serialize(tableOf([...one, ...one]).save())) as SavedFirstSeen);
        for (let begin = 0; begin <= 2 * memory; begin += 130) {
          const window = { begin: epoch + begin, end: epoch + begin + 130, memory };
          for (let key = 0; key <= 3; key++)
            expect(merged.figure(keyOf(key), window)).toEqual(whole.figure(keyOf(key), window));
        }
      }),
    );
  });
});

test("a table of another size takes over what was saved", () => {
  const given = Array.from({ length: 200 }, (_, i) => ({ key: i, value: i % 3, second: epoch + i }));
  const larger = new FirstSeen(8_192);
  larger.merge(tableOf(given, 2_048).save());
  for (const { key } of given) {
    expect(larger.figure(keyOf(key), { begin: epoch + 500, end: epoch + 501, memory })).toEqual({ new: 0, known: 1 });
  }
  expect(larger.used).toBe(200);
});

test("of one key only so many values are remembered, and what gives way is counted", () => {
  const table = tableOf(Array.from({ length: 40 }, (_, i) => ({ key: 1, value: i, second: epoch + i })));
  expect(table.figure(keyOf(1), { begin: epoch + 100, end: epoch + 101, memory })).toEqual({ new: 0, known: 16 });
  expect(table).toMatchObject({ used: 16, evicted: 24 });
});

test("a flood of keys makes the oldest give way, is counted, and the table doesn't grow", () => {
  const table = tableOf(Array.from({ length: 5_000 }, (_, i) => ({ key: i, value: 1, second: epoch + (i >> 3) })), 1_024);
  expect(table.capacity).toBe(1_024);
  expect(table.evicted).toBeGreaterThanOrEqual(5_000 - 1_024);
  const lately = { begin: epoch + 624, end: epoch + 626, memory };
  expect(table.figure(keyOf(4_999), lately)).toEqual({ new: 1, known: 0 });
  // What is forgotten anyway gives way without being missed.
  const before = table.evicted;
  for (let i = 0; i < 100; i++) table.see(keyOf(9_000 + i), 1, { second: epoch + 10 * memory, memory });
  expect(table.evicted).toBe(before);
}); // prettier-ignore

describe("a detector of new networks", () => {
  const start = Date.parse("2026-08-22T09:00:00.000Z");
  const day = 86_400;
  const detector = aDetector({
    ...{ id: "new-network", key: ["userId"], window: "10m", where: { endpointClass: ["login"] }, evidence: isOk },
    counters: { networks: firstSeen((e) => e.asn, { memory: "30d" }, isOk), logins: count(isOk) },
    fires: (figures) => firsts(figures).new > 0 && firsts(figures).known > 0,
    summary: (figures) => `${firsts(figures).new} new beside ${firsts(figures).known}`,
    target: () => undefined,
  });
  const engine = () => anEngine({ detectors: [active(detector)], clock: new TestClock(start) });
  const login = (second: number, asn: number | undefined, partial: Partial<AccessEvent> = {}) =>
    anEvent({ time: start + second * 1000, endpointClass: "login", userId: "anna", asn, ...partial });

  test.for<[string, AccessEvent[], string[]]>([
    ["nothing is known yet", [login(0, 1), login(60, 2)], []],
    ["another one later", [login(0, 1), login(day, 2)], ["1 new beside 1"]],
    ["the same one later", [login(0, 1), login(day, 1)], []],
    ["it failed", [login(0, 1), login(day, 2, { outcome: "failed" })], []],
    ["the log doesn't tell it", [login(0, 1), login(day, undefined)], []],
    ["another user's", [login(0, 1), login(0, 2, { userId: "ben" }), login(day, 2)], ["1 new beside 1"]],
    ["forgotten, since it was long ago", [login(0, 1), login(0, 2), login(20 * day, 1), login(40 * day, 2)], ["1 new beside 1"]],
    ["never absent for long", [login(0, 1), login(20 * day, 1), login(40 * day, 1)], []],
  ])("%s", ([, events, expected]) => {
    const { process, engine: own } = engine();
    const told = [...events.flatMap((event) => process([event])), ...own.finish()];
    const last = new Map(told.filter(({ sealed }) => sealed).map((one) => [one.id, one.summary]));
    expect([...last.values()]).toEqual(expected);
  }); // prettier-ignore

  test("goes on from what was saved, and its figure is how many are new", () => {
    const first = engine();
    first.process([login(0, 1), login(10, 2)]);
    const second = engine();
    loadDetect(second, deserialize(serialize(saveDetect(first))) as SavedDetect);
    const told = second.process([login(3 * day, 3)]);
    expect(told).toMatchObject([{ summary: "1 new beside 2", counters: { networks: 1, logins: 1 } }]);
  });

  test("looks at a window that ended: what came later changes nothing of it", () => {
    const { process, engine: own } = engine();
    // The second login is read first; the one of a day ago makes its network known all the same.
    own.process({ partition: "p1", events: [login(-day, 7)], takenAt: () => start - day * 1000 });
    const told = process([login(8, 1), login(5, 7), login(2, 7)]);
    expect([...told, ...own.finish()].filter(({ sealed }) => sealed).at(-1)!.summary).toBe("1 new beside 1");
  });
});

// helpers

function firsts(figures: Record<string, unknown>): Firsts {
  return figures["networks"] as Firsts;
}

function keyOf(key: number) {
  return { hi: Math.imul(key + 1, 0x9e3779b1) >>> 0, lo: Math.imul(key + 1, 0x85ebca6b) >>> 0 };
}

function tableOf(given: readonly Seen[], capacity = 4_096): FirstSeen {
  const table = new FirstSeen(capacity);
  for (const { key, value, second } of given) table.see(keyOf(key), value, { second, memory });
  return table;
}

/** The same from all that was seen before the window's end. */
function plainly(given: readonly Seen[], key: number, window: { begin: number; end: number }): Firsts {
  const counted = { new: 0, known: 0 };
  for (let value = 0; value <= 5; value++) {
    const times = given
      .filter((seen) => seen.key === key && seen.value === value && seen.second < window.end)
      .map(({ second }) => second)
      .sort((a, b) => a - b);
    const last = times.at(-1);
    if (last === undefined) continue;
    const since = times.findLast((second, i) => i === 0 || second - times[i - 1]! > memory)!;
    if (since >= window.begin) counted.new++;
    else if (last + memory >= window.begin) counted.known++;
  }
  return counted;
}
