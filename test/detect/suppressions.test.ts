import { deserialize, serialize } from "node:v8";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DetectorDefinition } from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { activateDetectors } from "../../src/detect/load-detectors.ts";
import { ranksOf } from "../../src/detect/suppressions.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const where = { endpointClass: ["payment"] } as const;

/** Ten failures of a route within ten seconds; over after half a minute. */
const storm = aDetector({
  ...{ id: "storm", where, key: ["route"], window: "10s", quiet: "30s", target: () => undefined },
  fires: (figures) => Number(figures["failures"]) >= 10,
});

/** Three failures of a client within a minute, unless everybody's fail. */
const testing = (suppressedBy: DetectorDefinition["suppressedBy"]) =>
  aDetector({ id: "testing", where, suppressedBy, quiet: "10s" });

const payment = (second: number, partial: Partial<AccessEvent> = {}): AccessEvent =>
  anEvent({
    ...{ time: start + second * 1000, route: "/pay", endpointClass: "payment", status: 502, outcome: "failed" },
    ...{ clientIp: "203.0.113.7", requestId: `${second}`, ...partial },
  });

/** Many customers fail from second 10 to 20 on one route. */
const outage = Array.from({ length: 40 }, (_, i) => payment(10 + i / 4, { clientIp: `198.51.100.${i}` }));
const three = (second: number, partial: Partial<AccessEvent> = {}) =>
  [0, 1, 2].map((i) => payment(second + i, partial));

function engineOf(...definitions: DetectorDefinition[]) {
  return anEngine({ detectors: definitions.map(active), clock: new TestClock(start) });
}

function run(definitions: readonly DetectorDefinition[], events: readonly AccessEvent[]) {
  const engine = engineOf(...definitions);
  const inOrder = events.toSorted((a, b) => a.time - b.time);
  return { ...engine, told: [...engine.process(inOrder), ...engine.engine.finish()] };
}

function lastSealed(told: readonly Detection[]): Detection[] {
  const byId = new Map<string, Detection>();
  for (const d of told) if (d.sealed && (byId.get(d.id)?.version ?? 0) <= d.version) byId.set(d.id, d);
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const foundBy = (told: readonly Detection[], id: string) =>
  lastSealed(told)
    .filter(({ detector }) => detector === id)
    .map(({ firedAt }) => (firedAt - start) / 1000);

describe("a detector that names another", () => {
  test.for<[string, DetectorDefinition["suppressedBy"], AccessEvent[], number[]]>([
    ["fires while the other doesn't", ["storm"], three(1), [4]],
    ["does not fire while it does", ["storm"], [...outage, ...three(15)], []],
    ["nor until its episode is over", ["storm"], [...outage, ...three(45)], []],
    ["fires again after that", ["storm"], [...outage, ...three(55)], [58]],
    ["goes on being found before", ["storm"], [...three(1), ...outage], [4]],
    ["fires on another route, where only the same counts", [{ detector: "storm", same: "route" }], [...outage, ...three(15, { route: "/refund" })], [18]],
    ["does not on the same", [{ detector: "storm", same: "route" }], [...outage, ...three(15)], []],
    ["does not on the same class", [{ detector: "storm", same: "endpointClass" }], [...outage, ...three(15, { route: "/refund" })], []],
    ["does not in the very second in which the other begins", ["storm"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => payment(10 + i / 100)), []],
    ["fires when the other is not there", ["login-storm"], [...outage, ...three(15)], [18]],
  ])("%s", ([, suppressedBy, events, expected]) => {
    for (const definitions of [[storm, testing(suppressedBy)], [testing(suppressedBy), storm]]) {
      expect(foundBy(run(definitions, events).told, "testing")).toEqual(expected);
    }
  }); // prettier-ignore

  test("is not told on change either, and what it would have found is counted", () => {
    const { told, engine } = run([testing(["storm"]), storm], [...outage, ...three(15)]);
    expect(told.filter(({ detector }) => detector === "testing")).toEqual([]);
    const [held, holding] = engine.bound;
    expect(engine.judging.suppressions.countOf(held!)).toBe(1);
    expect(engine.judging.suppressions.countOf(holding!)).toBe(0);
    expect(engine.judging.suppressions.holding(held!, start + 30_000)).toEqual(["storm"]);
    expect(engine.judging.suppressions.holding(held!, start + 60_000)).toEqual([]);
  });

  test("is not held back by one that is on trial", () => {
    const detectors = [{ ...active(storm), mode: "dry-run" as const }, active(testing(["storm"]))];
    const { process, engine } = anEngine({ detectors, clock: new TestClock(start) });
    const told = [...process([...outage, ...three(25)]), ...engine.finish()];
    expect(foundBy(told, "testing")).toEqual([28]);
  });

  test("waits for those that are held back themselves", () => {
    const middle = aDetector({ ...storm, id: "middle", fires: () => true, suppressedBy: ["storm"], quiet: "5s" });
    const last = testing(["middle"]);
    // While the storm goes on, the one in the middle holds nobody back.
    expect(foundBy(run([last, middle, storm], [...outage, ...three(31)]).told, "testing")).toEqual([34]);
    expect(foundBy(run([last, middle, storm], three(31)).told, "testing")).toEqual([]);
  });
});

describe("what is held back depends on the events alone", () => {
  const definitions = [testing(["storm"]), storm];
  const events = [...outage, ...[1, 15, 40, 55].flatMap((second) => three(second))];
  const expected = lastSealed(run(definitions, events).told);

  test("there is something to compare", () => expect(expected.map(({ detector }) => detector)).toHaveLength(3));

  test("not on order within the lateness, or how it is split", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: events.length, maxLength: events.length }),
        fc.integer({ min: 1, max: 30 }),
        (delays, size) => {
          const { process, engine } = engineOf(...definitions);
          const late = events
            .map((event, i) => ({ event, at: event.time + delays[i]! }))
            .sort((a, b) => a.at - b.at)
            .map(({ event }) => event);
          const told: Detection[] = [];
          for (let at = 0; at < late.length; at += size) told.push(...process(late.slice(at, at + size)));
          expect(withoutHistory(lastSealed([...told, ...engine.finish()]))).toEqual(withoutHistory(expected));
        },
      ),
    );
  });

  test.for([5, 20, 30, 45, 52])("a restart after %i events", (crash) => {
    const inOrder = events.toSorted((a, b) => a.time - b.time);
    const first = engineOf(...definitions);
    const told = [...first.process(inOrder.slice(0, crash))];
    const second = engineOf(...definitions);
    loadDetect(second, deserialize(serialize(saveDetect(first))) as SavedDetect);
    const all = [...told, ...second.process(inOrder.slice(crash)), ...second.engine.finish()];
    expect(lastSealed(all)).toEqual(expected);
    const counts = [...second.engine.bound].map((one) => second.engine.judging.suppressions.countOf(one));
    expect(counts[0]).toBeGreaterThan(0);
  });
});

describe("when detectors are loaded", () => {
  const problemsOf = (...definitions: DetectorDefinition[]) =>
    activateDetectors(definitions.map((definition) => ({ definition, file: definition.id })), {}).problems; // prettier-ignore

  test("those that are named must exist", () => {
    const { problems } = activateDetectors([{ definition: testing(["nobody"]), file: "testing.ts" }], {});
    expect(problems).toEqual([{ file: "testing.ts", path: "suppressedBy", message: 'there is no detector "nobody"' }]);
    expect(problemsOf(testing(["storm"]), storm)).toEqual([]);
  });

  test("nobody may hold itself back", () => {
    const round = aDetector({ id: "storm", suppressedBy: ["testing"] });
    expect(problemsOf(testing(["storm"]), round).map(({ file }) => file)).toEqual(["testing", "storm"]);
    expect(problemsOf(testing(["testing"]))).toMatchObject([{ message: expect.stringContaining("circle") as string }]);
  });
});

test("ranks come after all of those that hold back", () => {
  expect(ranksOf([[1, 2], [2], [], [0]])).toEqual([2, 1, 0, 3]);
  expect(ranksOf([[0], []])).toEqual([2, 0]);
});

test("many routes that fail take bounded memory", () => {
  const { process, engine } = engineOf(storm, testing(["storm"]));
  for (let route = 0; route < 5_000; route++) {
    process(Array.from({ length: 10 }, (_, i) => payment(route / 50 + i / 1000, { route: `/pay/${route}` })));
  }
  engine.finish();
  const [saved] = engine.judging.suppressions.save();
  expect(saved!.sealed.length).toBeLessThanOrEqual(4_096);
});

// helpers

/** What a detection passed through on change differs with the order; what is sealed in the end does not. */
function withoutHistory(detections: readonly Detection[]): unknown[] {
  return detections.map(({ supersedes: _supersedes, version: _version, ...rest }) => rest);
}
