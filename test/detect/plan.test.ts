import { describe, expect, test } from "vitest";
import { count, type Counter, distinct, isFailed, isOk, last, sum } from "../../src/detect/define-detector.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { indexDetectors } from "../../src/detect/cells.ts";
import { bindDetectors } from "../../src/detect/plan.ts";
import { Samples } from "../../src/detect/samples.ts";
import { buildTables } from "../../src/detect/tables.ts";
import { kindNumber } from "../../src/detect/where.ts";
import type { DetectorDefinition } from "../../src/detect/define-detector.ts";
import { endpointClasses, outcomes, type EndpointClass, type Outcome } from "../../src/normalize/access-event.ts";
import { aCountingDetector, aDetector } from "../support/a-detector.ts";
import { active } from "../support/run-engine.ts";

const userOf = (event: { userId: string | undefined }) => event.userId;
const one = count();

describe("counters share a place", () => {
  test.for<[string, Counter, Counter, boolean]>([
    ["the same predicate", count(isFailed), count(isFailed), true],
    ["other predicates", count(isFailed), count(isOk), false],
    ["other kinds", count(isFailed), distinct(userOf, isFailed), false],
    ["the same value", distinct(userOf, isFailed), distinct(userOf, isFailed), true],
    ["other values", distinct(userOf), distinct((event) => event.country), false],
    ["all events", count(), count(), true],
    ["as many remembered", last(3, () => [1]), last(2, () => [1]), false],
    ["the same kind of number", sum((e) => e.durationMs), sum((e) => e.durationMs), false],
  ])("%s: %s", ([, a, b, shared]) => {
    const { bound } = plan([aCountingDetector("a", { x: a }), aCountingDetector("b", { y: b })]);
    expect(bound[0]!.counters[0]!.slot === bound[1]!.counters[0]!.slot).toBe(shared);
    // One lane either way: the key and the window are the same.
    expect(bound[0]!.lane).toBe(bound[1]!.lane);
  });

  test("not where they look at different events", () => {
    const { bound } = plan([
      aDetector({ id: "a", counters: { x: one } }),
      aDetector({ id: "b", counters: { x: one }, where: { endpointClass: ["login", "signup"] } }),
      aDetector({ id: "c", counters: { x: one }, where: { endpointClass: ["login"], method: ["POST"] } }),
    ]);
    expect(new Set(bound.map(({ counters }) => counters[0]!.slot)).size).toBe(3);
  });

  test("not over different windows or keys", () => {
    const { bound, tables } = plan([
      aDetector({ id: "a", counters: { x: one, y: count(undefined, { window: "1h" }) } }),
      aDetector({ id: "b", counters: { x: one }, window: "1h" }),
      aDetector({ id: "c", counters: { x: one }, key: ["userId"] }),
    ]);
    const [a, b, c] = bound.map(({ counters }) => counters.map(({ slot }) => slot));
    expect(a![0]).not.toBe(b![0]);
    expect(a![0]).not.toBe(c![0]);
    expect(a![1]).toBe(b![0]);
    expect(tables.spaces().map(({ dimensions }) => dimensions.join())).toEqual(["clientIp", "userId"]);
  });

  test("and it knows all whom it serves", () => {
    const { bound } = plan([aCountingDetector("a", { x: one }), aCountingDetector("b", { y: one })]);
    expect(bound[0]!.counters[0]!.slot).toMatchObject({ names: ["a.x", "b.y"], owners: new Set([0, 1]) });
  });
});

describe("the index", () => {
  const { cells, bound } = plan([
    aDetector({ id: "logins", where: { endpointClass: ["login"] }, counters: { errors: count((e) => e.status > 400) } }),
    aDetector({ id: "limits", where: { outcome: ["limited"] }, key: ["actor"], counters: { b: one } }),
    aDetector({ id: "both", where: { endpointClass: ["login", "payment"], outcome: ["ok", "failed"] }, counters: { a: one } }),
  ]); // prettier-ignore
  const request = { origin: "gateway", attempt: true } as const;
  const at = (endpointClass: EndpointClass, outcome: Outcome) =>
    cells[kindNumber({ endpointClass, outcome, ...request })]!;

  test("has a place for every class, outcome and origin, attempts and others", () => {
    const numbers = endpointClasses.flatMap((endpointClass) =>
      outcomes.flatMap((outcome) =>
        (["gateway", "shop"] as const).flatMap((origin) =>
          [true, false].map((attempt) => kindNumber({ endpointClass, outcome, origin, attempt })),
        ),
      ),
    );
    expect(numbers).toEqual(cells.map((_, i) => i));
  });

  test.for([
    ["login", "failed", ["logins", "both"]],
    ["login", "limited", ["logins", "limits"]],
    ["payment", "ok", ["both"]],
    ["catalog", "limited", ["limits"]],
    ["catalog", "ok", []],
  ] as const)("%s, %s: %s look", ([endpointClass, outcome, ids]) => {
    const { detectors, work } = at(endpointClass, outcome);
    expect(detectors.map(({ active }) => active.definition.id)).toEqual(ids);
    expect(work.flatMap(({ slots }) => slots)).toHaveLength(ids.length);
  });

  test("what the kind tells is asked once, and not of each event", () => {
    const { cells: asked } = plan([
      aDetector({
        id: "kinds",
        counters: { failures: count(isFailed), ok: count(isOk), slow: count((e) => isOk(e) && e.durationMs! > 100) },
      }),
    ]);
    const cell = (outcome: Outcome) => asked[kindNumber({ endpointClass: "login", outcome, ...request })]!;
    const counted = (outcome: Outcome) =>
      cell(outcome).work.flatMap(({ slots }) => slots.map(({ slot }) => slot.names[0]));
    expect([counted("failed"), cell("failed").tests.length]).toEqual([["kinds.failures"], 0]);
    expect([counted("ok"), cell("ok").tests.length]).toEqual([["kinds.ok", "kinds.slow"], 1]);
    expect(counted("denied")).toEqual([]);
  });

  test("an event touches each lane once", () => {
    expect(at("login", "failed").work.map(({ lane }) => lane)).toEqual([bound[0]!.lane]);
    expect(at("login", "limited").work.map(({ lane }) => lane)).toEqual([bound[0]!.lane, bound[1]!.lane]);
  });
});

describe("attempts and origins", () => {
  const { cells } = plan([
    aDetector({ id: "plain", where: { endpointClass: ["login"] } }),
    aDetector({ id: "attempts", where: { endpointClass: ["login"], attempt: true } }),
    aDetector({ id: "others", where: { endpointClass: ["login"], attempt: false } }),
    aDetector({ id: "requests", where: { endpointClass: ["login"], attempt: true, origin: ["gateway"] } }),
    aDetector({ id: "events", where: { endpointClass: ["login"], origin: ["shop"] } }),
  ]);
  const ids = (detectors: readonly { active: { definition: { id: string } } }[]) =>
    detectors.map(({ active }) => active.definition.id);

  test.for([
    ["gateway", true, ["plain", "attempts", "requests"], []],
    ["gateway", false, ["plain", "others"], ["attempts", "requests"]],
    ["shop", true, ["attempts", "events"], []],
    ["shop", false, ["others", "events"], []],
  ] as const)("%s, attempt %s: %s look, %s wait for another", ([origin, attempt, look, wait]) => {
    const cell = cells[kindNumber({ endpointClass: "login", outcome: "failed", origin, attempt })]!;
    expect(ids(cell.detectors)).toEqual(look);
    expect(ids(cell.awaiting)).toEqual(wait);
  });
});

test("the window is judged by a sixtieth of it, at least a second, unless the detector says otherwise", () => {
  const windows: [Partial<DetectorDefinition>, number][] = [
    [{ window: "10m" }, 10_000],
    [{ window: "10s" }, 1_000],
    [{ window: "1d" }, 1_440_000],
    [{ window: "1d", bucket: "10s" }, 10_000],
  ];
  for (const [partial, bucketMs] of windows) expect(plan([aDetector(partial)]).bound[0]!.lane.bucketMs).toBe(bucketMs);
});

test("an episode closes after its quiet time, which is the window unless given", () => {
  expect(plan([aDetector()]).bound[0]!.quietMs).toBe(60_000);
  expect(plan([aDetector({ quiet: "1h" })]).bound[0]!.quietMs).toBe(3_600_000);
});

// helpers

function plan(definitions: readonly DetectorDefinition[]) {
  const tables = buildTables({ config: detectConfig.parse({ clients: 1_024 }), ring: new Samples(16) });
  const bound = bindDetectors(definitions.map(active), tables);
  return { tables, bound, cells: indexDetectors(bound) };
}
