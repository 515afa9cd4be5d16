import { describe, expect, test, vi } from "vitest";
import { detectConfig } from "../../src/detect/detect-config.ts";
import type { Target } from "../../src/detect/detection.ts";
import { Episodes } from "../../src/detect/episodes.ts";
import { hashed, hashKey } from "../../src/detect/hash.ts";
import type { Moment } from "../../src/detect/new-detection.ts";
import type { Finding } from "../../src/detect/judge.ts";
import { bindDetectors } from "../../src/detect/plan.ts";
import { evidenceOf, type Sample } from "../../src/detect/sample.ts";
import { Samples } from "../../src/detect/samples.ts";
import { buildTables } from "../../src/detect/tables.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active } from "../support/run-engine.ts";

const start = Date.UTC(2026, 7, 22, 9);
const moment: Moment = { stale: false, coverage: { state: "full", missing: [], events: 100, fields: [], gaps: [] } };
const tables = buildTables({ config: detectConfig.parse({ clients: 1_024 }), ring: new Samples(16) });
/** Buckets of a second, a quiet time of a minute. */
const [detector, other] = bindDetectors([active(aDetector()), active(aDetector({ id: "other" }))], tables);
for (const lane of tables.spaces().flatMap(({ lanes }) => lanes)) lane.allocate();

describe("an episode", () => {
  test("opens once, goes on, and closes after the quiet time, under one id and rising versions", () => {
    const { eager, sealed, advance } = scene();
    const told = [
      ...eager(3.5),
      ...eager(5, { targets: [ip(1), ip(2)] }),
      ...sealed(4),
      ...sealed(5),
      ...sealed(40),
      ...eager(60, { targets: [ip(1), ip(2), ip(3)] }),
      ...sealed(50, { targets: [ip(4)] }),
      ...sealed(60),
      ...advance(120),
      ...advance(121),
    ];
    expect(told.map(({ state, sealed }) => `${state}${sealed ? ", sealed" : ""}`)).toEqual([
      "open",
      "open",
      "open, sealed",
      "open, sealed",
      "open, sealed",
      "open, sealed",
      "closed, sealed",
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    const versions = told.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  });

  test("a gap longer than the quiet time begins another, with another id", () => {
    const { sealed } = scene();
    const [first] = sealed(10);
    const [closed, second] = sealed(71);
    expect(closed).toMatchObject({ id: first!.id, state: "closed", lastSeen: start + 10_000 });
    expect(second).toMatchObject({ state: "open", sealed: true });
    expect(second!.id).not.toBe(first!.id);
  });

  test("found in a backlog it is stale until it goes on now: that is told at once, and under its id", () => {
    const { sealed, eager } = scene();
    const late = { ...moment, stale: true };
    const [found] = sealed(10, {}, late);
    expect(found).toMatchObject({ stale: true });
    expect(sealed(20, {}, late)).toEqual([]);
    const [now] = eager(25);
    expect(now).toMatchObject({ id: found!.id, stale: false, sealed: true, state: "open" });
    expect(sealed(26, {}, late)).toEqual([]);
    expect(sealed(60, {}, late)).toMatchObject([{ id: found!.id, stale: false }]);
    const { sealed: again } = scene();
    again(10, {}, late);
    expect(again(15)).toMatchObject([{ stale: false, sealed: true }]);
  });

  test("a gap as long as the quiet time is still the same", () => {
    const { sealed, episodes } = scene();
    sealed(10);
    sealed(70);
    expect(episodes.size).toBe(1);
  });

  test("the id depends on the detector, the key and the bucket, and on nothing else", () => {
    const id = (find: (at: ReturnType<typeof scene>) => { id: string }[]) => find(scene())[0]!.id;
    const first = id(({ sealed }) => sealed(10));
    expect(id(({ eager }) => eager(9.2))).toBe(first);
    expect(id(({ sealed }) => sealed(10, { counters: { failures: 99 } }))).toBe(first);
    expect(id(({ sealed }) => sealed(11))).not.toBe(first);
    expect(id(({ sealed }) => sealed(10, { name: "203.0.113.99" }))).not.toBe(first);
    expect(id(({ sealed }) => sealed(10, { detector: other! }))).not.toBe(first);
    expect(first).toMatch(/^det_[0-9a-f]{16}$/);
  });
});

describe("told on change", () => {
  test("and sealed in another bucket: the sealed one takes its place, and is told first", () => {
    const { eager, sealed, episodes } = scene();
    const [onChange] = eager(12.5);
    const [confirmed, unconfirmed] = sealed(11);
    expect(unconfirmed).toMatchObject({ id: onChange!.id, state: "unconfirmed", sealed: false });
    expect(unconfirmed!.version).toBeGreaterThan(onChange!.version);
    expect(confirmed).toMatchObject({ state: "open", sealed: true, supersedes: onChange!.id });
    expect([episodes.superseded, episodes.size]).toEqual([1, 1]);
  });

  test("and sealed in another bucket: nothing holds its row once it is over", () => {
    const { eager, sealed, advance } = scene();
    const { space } = detector!;
    const pin = vi.spyOn(space, "pin");
    const unpin = vi.spyOn(space, "unpin");
    eager(12.5);
    sealed(11);
    advance(74);
    expect(unpin.mock.calls.map(([row]) => row)).toEqual(pin.mock.calls.map(([row]) => row));
  });

  test("and never sealed: closed as unconfirmed, and counted", () => {
    const { eager, advance, episodes } = scene();
    eager(12.5);
    expect(advance(13)).toEqual([]);
    expect(advance(74)).toMatchObject([{ state: "unconfirmed", sealed: false }]);
    expect([episodes.unconfirmed, episodes.size]).toEqual([1, 0]);
  });

  test("it is looked at again at most once a second", () => {
    const { eager, episodes } = scene();
    eager(3.5);
    const mayRefresh = (seconds: number) => episodes.mayRefresh(detector!, { name: name(1), time: at(seconds) });
    expect([mayRefresh(4.9), mayRefresh(5)]).toEqual([false, true]);
    eager(5);
    expect([mayRefresh(5.9), mayRefresh(6)]).toEqual([false, true]);
    expect(episodes.mayRefresh(detector!, { name: "another", time: at(100) })).toBe(false);
  });

  test("it is told again for new targets only", () => {
    const { eager } = scene();
    eager(3.5);
    expect(eager(5, { counters: { failures: 50 } })).toEqual([]);
    expect(eager(6, { targets: [ip(1), ip(7)] })).toMatchObject([{ targets: [ip(1), ip(7)] }]);
  });

  test("where it happens is then told by what is sealed, whatever was seen first", () => {
    const { eager, sealed } = scene();
    eager(3.5, { samples: [aSample(3_400, { route: "/api/login/v2", owner: "late" })] });
    const [confirmed] = sealed(4, { samples: [aSample(3_100, { route: "/api/login", owner: "identity" })] });
    expect(confirmed).toMatchObject({ route: "/api/login", owner: "identity", firstSeen: start + 3_100 });
  });
});

describe("while it goes on", () => {
  test("what is told on change once it is sealed is no part of what is sealed next", () => {
    const [one, hinted] = [scene(), scene()];
    const alone = [...one.sealed(4), ...one.sealed(40), ...one.advance(120)].at(-1)!;
    hinted.eager(3.5, { targets: [ip(9)], strength: 5 });
    hinted.sealed(4);
    const [told] = hinted.eager(12, { targets: [ip(7)], summary: "more than there is", strength: 9 });
    expect(told).toMatchObject({ confidence: "high", summary: "more than there is" });
    expect(hinted.eager(14, { targets: [ip(7)], strength: 9 })).toEqual([]);
    const last = [...hinted.sealed(40), ...hinted.advance(120)].at(-1)!;
    expect(last).toEqual(alone);
  });

  test("it is told every half minute, also when it is looked at on change all the time", () => {
    const { eager, sealed } = scene();
    eager(0.5);
    const told = Array.from({ length: 100 }, (_, i) => {
      eager(i + 11.5);
      return sealed(i + 1, { counters: { failures: i } });
    }).flat();
    expect(told.map(({ lastSeen }) => (lastSeen - start) / 1000)).toEqual([1, 31, 61, 91]);
  });

  test("it is told at once when it is graver than before", () => {
    const { sealed } = scene();
    sealed(1);
    expect(sealed(2)).toEqual([]);
    expect(sealed(3, { severity: "critical" })).toMatchObject([{ severity: "critical" }]);
  });

  test("it shows the highest figures it had, and keeps the time it fired", () => {
    const { sealed, advance } = scene();
    sealed(1, { counters: { failures: 5 } });
    sealed(2, { counters: { failures: 50 }, summary: "50" });
    sealed(3, { counters: { failures: 7 }, summary: "7" });
    expect(advance(64)).toMatchObject([
      { counters: { failures: 50 }, summary: "50", firedAt: start + 1_000, lastSeen: start + 3_000 },
    ]);
  });

  test("it names at most 256 targets, and shows at most ten events", () => {
    const { sealed } = scene();
    const samples = Array.from({ length: 30 }, (_, i) => aSample(i));
    const [first] = sealed(1, { targets: Array.from({ length: 200 }, (_, i) => ip(i)), samples });
    expect(first!.evidence.map(({ time }) => time - start)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const [more] = sealed(40, { targets: Array.from({ length: 200 }, (_, i) => ip(i + 100)) });
    expect(more!.targets).toHaveLength(256);
    expect(new Set(more!.targets.map(({ value }) => value)).size).toBe(256);
  });
});

test("at most 50,000 are open; then nothing new is told until one closes", () => {
  const { sealed, eager, advance, episodes } = scene();
  for (let i = 0; i < 50_000; i++) sealed(1, { name: `client ${i}` });
  expect(sealed(1, { name: "one more" })).toEqual([]);
  expect(eager(1.5, { name: "one more" })).toEqual([]);
  expect(episodes.size).toBe(50_000);
  expect(advance(62)).toHaveLength(50_000);
  expect(sealed(63, { name: "one more" })).toHaveLength(1);
});

describe("saved and loaded", () => {
  test("it goes on under its id", () => {
    const before = scene();
    const [opened] = before.sealed(1);
    const { episodes, sealed, advance } = scene();
    episodes.load(structuredClone(before.episodes.save()), [detector!]);
    expect(sealed(40)).toMatchObject([{ id: opened!.id, firedAt: opened!.firedAt }]);
    expect(advance(101)).toMatchObject([{ id: opened!.id, state: "closed" }]);
  });

  test("of a detector that is gone it is closed, since nobody else will", () => {
    const before = scene();
    before.sealed(1);
    before.eager(1.5, { name: "203.0.113.50" });
    const { episodes } = scene();
    expect(episodes.load(structuredClone(before.episodes.save()), [other!])).toMatchObject([
      { state: "closed", sealed: true },
      { state: "unconfirmed", sealed: false },
    ]);
    expect(episodes.size).toBe(0);
  });
});

// helpers

type Different = Partial<Finding>;

function rowOf(clientIp: string): number {
  hashKey(clientIp);
  const row = detector!.space.table.restore(hashed, { seen: start / 1000, touches: 1 });
  detector!.space.names.set(row, clientIp);
  return row;
}

/** Episodes of their own, found by the second that a bucket ends in, or that an event comes at. */
function scene() {
  const episodes = new Episodes();
  const finding = (end: number, different: Different): Finding => {
    const clientIp = different.name ?? name(1);
    return {
      detector: detector!,
      row: rowOf(clientIp),
      name: clientIp,
      key: { clientIp },
      bucket: at(end) / 1000 - 1,
      end: at(end),
      counters: { failures: 3 },
      severity: "medium",
      strength: 1,
      summary: "3",
      samples: [aSample(end * 1000 - 1)],
      targets: [ip(1)],
      clientIpCertain: true,
      ...different,
    };
  };
  return {
    episodes,
    eager: (second: number, different: Different = {}) =>
      episodes.eager(finding(Math.floor(second) + 1, different), at(second), moment),
    sealed: (end: number, different: Different = {}, of = moment) => episodes.sealed(finding(end, different), of),
    advance: (second: number) => episodes.advance(at(second)),
  };
}

function at(seconds: number): number {
  return start + seconds * 1000;
}

function name(i: number): string {
  return `203.0.113.${i}`;
}

function ip(i: number): Target {
  return { scope: "ip", value: `203.0.${i >> 8}.${i & 255}` };
}

function aSample(ms: number, of: { route?: string; owner?: string } = {}): Sample {
  const event = anEvent({ time: start + ms, endpointClass: "login", route: of.route ?? "/api/login" });
  return { time: event.time, hash: ms, detectors: [0], owner: of.owner, event: evidenceOf(event) };
}
