import { describe, expect, test } from "vitest";
import { count, isFailed, isOk } from "../../src/detect/define-detector.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { loadDetect, saveDetect } from "../../src/detect/detect-state.ts";
import { Shedding } from "../../src/detect/shedding.ts";
import type { AccessEvent, EndpointClass } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");

function aShedding(classes: EndpointClass[] = ["catalog", "search"]) {
  const clock = new TestClock(start);
  const told: (string | undefined)[] = [];
  const shed: string[] = [];
  const config = detectConfig.parse({ shed: { above: "60s", classes } }).shed!;
  const shedding = new Shedding({
    ...{ config, clock },
    report: (text) => told.push(text),
    onShed: (endpointClass) => shed.push(endpointClass),
  });
  /** So many seconds with a lag of as many milliseconds. */
  const pass = async (seconds: number, lagMs: number) => {
    for (let i = 0; i < seconds; i++) {
      shedding.look(lagMs);
      await clock.advance(1_000);
    }
  };
  return { shedding, clock, told, shed, pass };
}

describe("when", () => {
  test("classes are left out one after the other while the lag is above the bound, in their order", async () => {
    const { shedding, pass } = aShedding();
    await pass(60, 59_000);
    expect(shedding.classes).toEqual([]);
    await pass(1, 61_000);
    expect(shedding.classes).toEqual(["catalog"]);
    await pass(9, 61_000);
    expect(shedding.classes).toEqual(["catalog"]);
    await pass(60, 61_000);
    expect(shedding.classes).toEqual(["catalog", "search"]);
  });

  test("they are counted again, the last one first, once the lag has been below half of it for half a minute", async () => {
    const { shedding, pass } = aShedding();
    await pass(20, 90_000);
    await pass(300, 31_000);
    await pass(29, 29_000);
    await pass(1, 31_000);
    await pass(30, 29_000);
    expect(shedding.classes).toEqual(["catalog", "search"]);
    await pass(1, 29_000);
    expect(shedding.classes).toEqual(["catalog"]);
    await pass(30, 29_000);
    expect(shedding.classes).toEqual([]);
  });

  test("people are told when it begins, changes and ends, and how many of which class", async () => {
    const { shedding, told, pass } = aShedding();
    const cell = { detectors: [], awaiting: [] } as never;
    await pass(11, 61_000);
    for (let i = 0; i < 1_200; i++) shedding.cellFor(anEvent({ endpointClass: "catalog", outcome: "ok" }), cell);
    await pass(62, 0);
    expect(told).toEqual([
      expect.stringMatching(/^Reading is 61s behind: successful requests of catalog are not counted/),
      expect.stringContaining("of catalog, search are not counted"),
      expect.stringContaining("of catalog are not counted"),
      "Everything is counted again. Left out so far: 1,200 of catalog.",
      undefined,
    ]);
  });
});

test.for([
  ["logins", ["catalog", "login"], "logins and payments are never left out"],
  ["payments", ["payment"], "logins and payments are never left out"],
  ["one twice", ["catalog", "catalog"], "expected each class once"],
  ["none", [], ">=1"],
] as const)("%s can't be in the list", ([, classes, message]) => {
  const { error } = detectConfig.safeParse({ shed: { classes } });
  expect(error?.issues.map((issue) => issue.message).join()).toContain(message);
});

test("it is off unless it is configured", () => {
  expect(detectConfig.parse({}).shed).toBeUndefined();
});

/** Most of a client's requests fail: what a client looks at successfully speaks for it. */
const share = aDetector({
  ...{ id: "share", where: { endpointClass: ["catalog", "cart"] } },
  counters: { failures: count(isFailed), good: count(isOk) },
  fires: (figures) => Number(figures["failures"]) >= 3 && Number(figures["failures"]) > Number(figures["good"]),
});
const failures = aDetector({ id: "failures", where: { endpointClass: ["catalog"], outcome: ["failed"] } });
const logins = aDetector({ id: "logins" });
/** Everything on a route, by gateway: a level. */
const level = aDetector({
  ...{ id: "level", where: { endpointClass: ["catalog"] }, key: ["gateway"], evidence: undefined, target: () => undefined },
  counters: { requests: count() },
  fires: (figures) => Number(figures["requests"]) >= 30,
}); // prettier-ignore

let serial = 0;
const request = (second: number, of: Partial<AccessEvent>) =>
  anEvent({ time: start + second * 1000, requestId: `r${++serial}`, clientIp: "203.0.113.7", outcome: "ok", status: 200, ...of }); // prettier-ignore
/** A customer who looks around, and meets some broken links; and somebody who guesses passwords. */
const traffic = (from: number) => [
  ...Array.from({ length: 30 }, (_, i) => request(from + i, { endpointClass: "catalog" })),
  ...[5, 10, 15].map((i) => request(from + i, { endpointClass: "catalog", outcome: "failed", status: 404 })),
  ...[5, 10, 15].map((i) => request(from + i, { endpointClass: "login", outcome: "failed", status: 401, clientIp: "203.0.113.8" })), // prettier-ignore
];

async function found(scene: { shed: boolean; events?: readonly AccessEvent[] }) {
  const { shedding, shed, pass } = aShedding(["catalog"]);
  const { engine, process } = anEngine({
    detectors: [share, failures, logins, level].map(active),
    clock: new TestClock(start + 60_000),
    shedding,
  });
  if (scene.shed) await pass(1, 61_000);
  const told = [...process((scene.events ?? traffic(0)).toSorted((a, b) => a.time - b.time)), ...engine.finish()];
  return { ids: new Set(told.map(({ detector }) => detector)), shed, engine, shedding };
}

describe("what is found meanwhile", () => {
  test("nothing for what is missing, and all that needs none of it", async () => {
    const usual = await found({ shed: false });
    expect(usual).toMatchObject({ ids: new Set(["failures", "logins", "level"]), shed: [] });
    const { ids, shed } = await found({ shed: true });
    expect(ids).toEqual(usual.ids);
    expect(shed).toEqual(Array.from({ length: 30 }, () => "catalog"));
  });

  test("a detector that lacks requests is held back until its window has no gap, and looks again then", async () => {
    const failing = (second: number) =>
      [0, 1, 2, 3].map((i) => request(second + i, { endpointClass: "cart", outcome: "failed", status: 400, clientIp: "203.0.113.9" })); // prettier-ignore
    expect((await found({ shed: false, events: [...traffic(0), ...failing(40)] })).ids).toContain("share");
    expect((await found({ shed: true, events: [...traffic(0), ...failing(40)] })).ids).not.toContain("share");
    expect((await found({ shed: true, events: [...traffic(0), ...failing(200)] })).ids).toContain("share");
  });

  test("a restart forgets no gap", async () => {
    const before = await found({ shed: true });
    const { shedding } = aShedding(["catalog"]);
    const parts = anEngine({ detectors: [active(share)], clock: new TestClock(start + 60_000), shedding });
    const watermark = { save: () => ({ value: 0, newest: 0, marks: [] }) } as never;
    const saved = saveDetect({ engine: before.engine, watermark, memory: parts.memory });
    loadDetect(parts, structuredClone(saved));
    const [detector] = parts.engine.bound;
    expect(shedding.holdsBack(detector!, start + 60_000)).toBe(true);
    expect(shedding.holdsBack(detector!, start + 240_000)).toBe(false);
  });
});
