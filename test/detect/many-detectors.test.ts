import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { count, type DetectorDefinition, distinct, isFailed, isOk, sum } from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { slotsPerLane } from "../../src/detect/lane.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");

/** Each has two counters of its own, fires at as many failures as its number says, and looks at one account. */
const seventy = Array.from({ length: 70 }, (_, i) => numbered(i));

function numbered(i: number): DetectorDefinition {
  const mine = (e: AccessEvent) => isFailed(e) && e.userId === `user-${i}`;
  return aDetector({
    id: `number-${i}`,
    counters: { failures: count(mine), spent: sum((e) => e.durationMs, mine) },
    evidence: mine,
    fires: (figures) => Number(figures["failures"]) >= 1 + (i % 4),
    summary: (figures) => `${Number(figures["failures"])} failures, ${Number(figures["spent"])} ms`,
  });
}

/** Four failures on each account, all from one client; every account takes as many milliseconds as its number. */
const attack = Array.from({ length: 280 }, (_, i) =>
  anEvent({
    ...{ time: start + i * 100, endpointClass: "login", status: 401, outcome: "failed" },
    ...{ userId: `user-${i % 70}`, durationMs: i % 70, clientIp: "203.0.113.7" },
  }),
);

function engineOf(definitions: readonly DetectorDefinition[]) {
  return anEngine({ detectors: definitions.map(active), clock: new TestClock(start) });
}

/** The last word on each sealed detection. */
function lastSealed(told: readonly Detection[]): readonly Detection[] {
  const byId = new Map<string, Detection>();
  for (const d of told) if (d.sealed && (byId.get(d.id)?.version ?? 0) <= d.version) byId.set(d.id, d);
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe("seventy detectors of one key", () => {
  const { process, engine } = engineOf(seventy);
  const told = [...process(attack), ...engine.finish()];

  test("each finds its own, with its own figures and evidence", () => {
    const found = lastSealed(told);
    expect(found.map(({ detector }) => detector).sort()).toEqual(seventy.map(({ id }) => id).sort());
    for (const { detector, counters, evidence } of found) {
      const number = Number(detector.slice("number-".length));
      expect(counters).toEqual({ failures: 4, spent: 4 * number });
      expect(evidence.map(({ userId }) => userId)).toEqual(Array.from({ length: 4 }, () => `user-${number}`));
    }
  });

  test("share rows, in as many lanes as their counters need", () => {
    expect(engine.spaces).toHaveLength(1);
    expect(engine.spaces[0]!.lanes).toHaveLength(Math.ceil(140 / slotsPerLane));
  });

  test.for([
    ["in another order", seventy.toReversed(), seventy],
    ["some are new", seventy.slice(10, 60), seventy],
    ["some are gone", seventy, seventy.slice(25)],
  ] as const)("go on from what was saved: %s", ([, before, after]) => {
    const first = engineOf(before);
    const half = 70 * 2;
    first.process(attack.slice(0, half));
    const second = engineOf(after);
    loadDetect(second, deserialize(serialize(saveDetect(first))) as SavedDetect);
    const found = lastSealed([...second.process(attack.slice(half)), ...second.engine.finish()]);
    const known = new Set(before.map(({ id }) => id));
    const ofBoth = (all: readonly Detection[]) =>
      all.filter(({ detector }) => known.has(detector) && after.some(({ id }) => id === detector));
    expect(ofBoth(found)).toEqual(ofBoth(lastSealed(told)));
    expect(ofBoth(found).length).toBeGreaterThan(40);
  });
});

test("a detector alone finds what it finds beside others that share its rows and windows", () => {
  const failures = aDetector({ counters: { failures: count(isFailed), attempts: count() } });
  const curious = aDetector({
    ...{ id: "curious", counters: { all: count(), ok: count(isOk) } },
    ...{ evidence: undefined, fires: () => false },
  });
  const login = (second: number, outcome: "ok" | "failed") =>
    anEvent({ time: start + second * 1000, endpointClass: "login", outcome, clientIp: "203.0.113.7" });
  const events = [
    ...[0, 1, 2].map((second) => login(second, "failed")),
    ...[10, 20, 30, 40].map((second) => login(second, "ok")),
  ];
  const [alone, together] = [[failures], [curious, failures], [failures, curious]].map((definitions) => {
    const { process, engine } = engineOf(definitions);
    return [...process(events), ...engine.finish()];
  });
  expect(together).toEqual(alone);
  expect(alone!.at(-1)).toMatchObject({ state: "closed", lastSeen: start + 3_000 });
});

test("numbers of counters that no event can match together lie in the same place", () => {
  const of = (id: string, endpointClass: "login" | "payment" | "promo") =>
    aDetector({
      ...{ id, where: { endpointClass: [endpointClass] } },
      counters: { users: distinct((e) => e.userId), bytes: sum((e) => e.responseBytes) },
    });
  const { engine } = engineOf([of("a", "login"), of("b", "payment"), of("c", "promo")]);
  const [lane, ...others] = engine.spaces[0]!.lanes;
  expect(others).toEqual([]);
  expect(lane!.slots).toHaveLength(6);
  expect(lane!.width).toBe(2);
});

test("what people do all day has a lane of its own, so that it fills no row with rarer events", () => {
  const requests = aDetector({ id: "requests", where: {}, counters: { all: count() }, fires: () => false });
  const { engine, process } = engineOf([requests, aDetector()]);
  const [broad, narrow] = engine.spaces[0]!.lanes;
  process(Array.from({ length: 50 }, (_, i) => anEvent({ time: start + i * 100 })));
  expect([broad, narrow].map((lane) => lane!.rings.used)).toEqual([1, 0]);
});

test("methods are told apart, and a detector looks at those it names", () => {
  const named = aDetector({ id: "named", where: { endpointClass: ["login"], method: ["POST", "PUT"] } });
  const { engine, process } = engineOf([named, aDetector()]);
  const by = (method: string) => anEvent({ time: start, method, endpointClass: "login", outcome: "failed" });
  process(["POST", "PUT", "GET", "x".repeat(1000)].map(by));
  expect(engine.bound.map((detector) => engine.coverageOf(detector).events)).toEqual([2, 4]);
});
