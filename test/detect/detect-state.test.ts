import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import {
  count,
  distinct,
  isFailed,
  isOk,
  last,
  max,
  type DetectorDefinition,
} from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const client = "203.0.113.7";

const failures = aDetector();
/** Shares the row and the lane of the first, but counts something else. */
const successes = aDetector({
  id: "successes",
  counters: { ok: count(isOk), slowest: max((e) => e.durationMs), agents: distinct((e) => e.userAgent, isOk) },
  evidence: isOk,
  fires: (figures) => Number(figures["ok"]) >= 3,
});
const places = aDetector({
  id: "places",
  counters: { last: last(2, (e) => [e.durationMs], isFailed) },
  fires: (figures) => (figures["last"] as unknown as readonly { values: number[] }[]).length === 2,
  summary: (figures) => JSON.stringify(figures["last"]),
});

function failed(second: number, partial: Partial<AccessEvent> = {}): AccessEvent {
  const time = start + second * 1000;
  return anEvent({ time, clientIp: client, endpointClass: "login", status: 401, outcome: "failed", ...partial });
}

/** An engine that goes on from what another one saved. */
function goOn(definitions: readonly DetectorDefinition[], saved: SavedDetect) {
  const engine = anEngine({ detectors: definitions.map(active), clock: new TestClock(start) });
  const gone = loadDetect(engine, deserialize(serialize(saved)) as SavedDetect);
  return { ...engine, gone };
}

function run(definitions: readonly DetectorDefinition[], events: readonly AccessEvent[]) {
  const engine = anEngine({ detectors: definitions.map(active), clock: new TestClock(start) });
  return { ...engine, told: engine.process(events) };
}

const idsOf = (told: readonly Detection[]) => told.map(({ detector }) => detector);

describe("what was counted goes on", () => {
  const two = [failed(0), failed(1)];

  test.for<[string, readonly DetectorDefinition[], readonly DetectorDefinition[]]>([
    ["with the same detectors", [failures], [failures]],
    ["when another is added that shares its lane", [failures], [successes, failures]],
    ["when another is taken away that shared its lane", [successes, failures], [failures]],
    ["when they come in another order", [successes, places, failures], [failures, successes, places]],
  ])("%s", ([, before, after]) => {
    const { process } = goOn(after, saveDetect(run(before, two)));
    expect(idsOf(process([failed(2)]))).toContain("three-failures");
  });

  test("also for a busy row, in buckets, of every kind of counter", () => {
    const busy = Array.from({ length: 40 }, (_, i) =>
      failed(i, { outcome: i % 2 ? "ok" : "failed", durationMs: i, userAgent: `agent ${i % 5}` }),
    );
    const all = [successes, places, failures];
    const expected = run(all, [...busy, failed(41)]).engine;
    const { engine, process } = goOn([failures, successes, places], saveDetect(run(all, busy)));
    process([failed(41)]);
    const figures = (of: typeof engine) => {
      const end = Math.floor((start + 41_000) / 1000);
      const row = of.spaces[0]!.find({ clientIp: client });
      const byName = of.bound.flatMap(({ lane, counters }) =>
        counters.map(({ name, slot }) => [name, lane.figure(row, slot, end)] as const),
      );
      return Object.fromEntries(byName);
    };
    expect(figures(engine)).toEqual(figures(expected));
    expect(figures(engine)).toMatchObject({ failures: 21, ok: 20, slowest: 39, agents: { known: true, value: 5 } });
  });

  test("with its evidence, which is not taken for that of another detector", () => {
    const { process } = goOn([failures, successes], saveDetect(run([successes, failures], two)));
    const [found] = process([failed(2)]);
    expect(found!.detector).toBe("three-failures");
    expect(found!.evidence.map(({ time }) => (time - start) / 1000)).toEqual([0, 1, 2]);
  });
});

describe("what has changed begins anew", () => {
  const saved = saveDetect(run([failures, successes], [failed(0), failed(1), failed(1, { outcome: "ok" })]));

  test.for<[string, DetectorDefinition]>([
    ["another predicate", aDetector({ counters: { failures: count((e) => e.status === 401 && isFailed(e)) } })],
    ["another window", aDetector({ window: "2m" })],
    ["another bucket", aDetector({ bucket: "10s" })],
    ["another key", aDetector({ key: ["gateway", "clientIp"] })],
    ["other events", aDetector({ where: { endpointClass: ["login", "signup"] } })],
    ["another detector of the same text", aDetector({ id: "copy" })],
  ])("%s, and the others go on", ([, changed]) => {
    const { process } = goOn([changed, successes], saved);
    expect(idsOf(process([failed(2)]))).toEqual([]);
    expect(idsOf(process([failed(3, { outcome: "ok" }), failed(3, { outcome: "ok" })]))).toEqual(["successes"]);
    expect(idsOf(process([failed(4), failed(5)]))).toEqual([changed.id]);
  });
});

describe("episodes", () => {
  const before = run([failures], [failed(0), failed(1), failed(2)]);
  const id = before.told[0]!.id;
  const saved = saveDetect(before);

  test("keep their id and close in time", () => {
    const { process, engine } = goOn([failures], saved);
    const told = [...process([failed(20)]), ...engine.finish()];
    expect(new Set(told.map((detection) => detection.id))).toEqual(new Set([id]));
    expect(told.at(-1)).toMatchObject({ state: "closed", lastSeen: start + 21_000 });
  });

  test("keep their id also when what is counted has changed, and close when it is quiet", () => {
    const { engine, gone } = goOn([aDetector({ window: "2m", quiet: "1m" })], saved);
    expect(gone).toEqual([]);
    expect(engine.finish()).toMatchObject([{ id, state: "unconfirmed" }]);
  });

  test("of a detector that is gone are told as over", () => {
    const { gone, engine } = goOn([successes], saved);
    expect(gone).toMatchObject([{ id, state: "unconfirmed" }]);
    expect(gone[0]!.version).toBeGreaterThan(before.told[0]!.version);
    expect(engine.finish()).toEqual([]);
  });
});

test("what was sealed before is not judged again: it would be found a second time", () => {
  // Two episodes, an hour of quiet between them and the end; the window still holds the first.
  const twice = aDetector({ window: "1d", bucket: "1m", quiet: "5m" });
  const events = [0, 1, 2, 4_000, 4_001, 8_000].map((second) => failed(second));
  const first = run([twice], events);
  const { engine } = goOn([twice], saveDetect(first));
  const known = new Set(first.told.map(({ id }) => id));
  const straight = run([twice], events);
  expect(engine.finish().map(({ id, version }) => [id, version])).toEqual(
    straight.engine.finish().map(({ id, version }) => [id, version]),
  );
  expect(known.size).toBe(3);
});

test("keys that no window can hold any more are not saved", () => {
  const { process, ...parts } = run([failures], [failed(0, { clientIp: "198.51.100.1" }), failed(0)]);
  process([failed(3_600, { clientIp: "198.51.100.2" })]);
  expect(saveDetect({ ...parts }).spaces.flatMap(({ names }) => [...names.values()])).toEqual(["198.51.100.2"]);
});

test("200,000 clients are saved and serialized without stopping everything for seconds", () => {
  const { process, ...parts } = anEngine({ detectors: [active(failures)], clients: 262_144 });
  const clients = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  for (let from = 0; from < 200_000; from += 1_000) {
    process(Array.from({ length: 1_000 }, (_, i) => failed(0, { clientIp: clients(from + i), clientKey: clients(from + i) })));
  }
  const began = performance.now();
  const bytes = serialize(saveDetect(parts)).length;
  // It takes a fifth of a second on two cores; one small array for each row took seven.
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(bytes).toBeLessThan(60_000_000);
}); // prettier-ignore
