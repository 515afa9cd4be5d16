import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { isFailed } from "../../src/detect/define-detector.ts";
import { count, distinct, firstSeen, last, max, quantile, sum } from "../../src/detect/counters.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage } from "../../src/detect/detect-stage.ts";
import type { ActiveDetector } from "../../src/detect/plan.ts";
import { TallyCounter } from "../../src/detect/tally-counter.ts";
import { tallyVersion } from "../../src/detect/tally-form.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const noon = Date.parse("2026-08-22T12:00:00.000Z");
const config = detectConfig.parse({ clients: 1024, firstSeenValues: 1024 });
const failures = active(aDetector());
const golden = join(import.meta.dirname, "../golden/tallies/version-1.hex");

describe("what a tally of failed logins tells", () => {
  const tally = tallied([failures], failedLogins(4));

  test("is found at once, as if the events had been seen here", () => {
    const stage = stageOf([failures]);
    const { detections, events, partition, problem } = stage.merge(tally);
    expect({ events, partition, problem }).toEqual({ events: 4, partition: "p0", problem: undefined });
    expect(detections).toMatchObject([{ state: "open", sealed: false, counters: { failures: 4 } }]);
    expect(stage.finish()).toMatchObject([
      { state: "open", sealed: true, id: detections[0]!.id, counters: { failures: 4 } },
      { state: "closed", sealed: true, id: detections[0]!.id },
    ]);
  });

  test("blocks nobody when it is long over", () => {
    const stage = stageOf([failures], new TestClock(noon + 3_600_000));
    expect(stage.merge(tally).detections).toEqual([]);
    expect(stage.finish()[0]).toMatchObject({ stale: true, sealed: true });
  });

  test("is counted as late once all of it was judged", () => {
    const stage = stageOf([failures]);
    stage.merge(tallied([failures], [anEvent({ time: noon + 3_600_000, endpointClass: "login" })]));
    stage.watermark.release("p0");
    expect(stage.merge(tally).detections).toEqual([]);
    expect(stage.engine.late).toBe(4);
  });

  test("waits while it is far ahead of another partition, over a restart, too", () => {
    const before = stageOf([failures]);
    for (const name of ["p0", "p1"]) before.watermark.assign(name);
    before.merge(tallied([failures], [anEvent({ time: noon - 600_000, endpointClass: "login" })], "p1"));
    expect(before.merge(tally).detections).toEqual([]);
    const stage = stageOf([failures]);
    stage.load(structuredClone(before.save()));
    expect(stage.engine.heldTallies.earliest).toBe(noon + 300);
    expect(stage.merge(tallied([failures], [anEvent({ time: noon, endpointClass: "login" })], "p1")).detections).toMatchObject([{ counters: { failures: 4 } }]); // prettier-ignore
    expect(stage.engine.heldTallies.earliest).toBeUndefined();
  });
});

test("what is taken is gone, and nothing is a tally as well", () => {
  const counter = new TallyCounter({ detectors: [failures], config, partition: "p0", parts: 2 });
  counter.count(batchOf(failedLogins(4)));
  expect(counter.size).toBeGreaterThan(0);
  counter.take();
  expect(counter.size).toBe(0);
  const { parts, traffic } = counter.take();
  const stages = parts.map((_, index) => stageOf([failures], new TestClock(noon), { index, of: 2 }));
  const empty = { detections: [], events: 0, partition: "p0", problem: undefined, minutes: undefined };
  expect(parts.map((part, index) => stages[index]!.merge(part))).toEqual([empty, empty]);
  expect(stages[0]!.takeTraffic(traffic)).toEqual({ partition: "p0" });
});

test("lines that came twice are counted once, each event in one part", () => {
  const counter = new TallyCounter({ detectors: [failures], config, partition: "p0", parts: 3 });
  const once = failedLogins(5).map((event, i) => ({ ...event, requestId: `r${i}`, clientKey: `198.51.100.${i}` }));
  counter.count(batchOf([...once, ...once.slice(0, 2)]));
  const stages = [0, 1, 2].map((index) => stageOf([failures], new TestClock(noon), { index, of: 3 }));
  const merged = counter.take().parts.map((part, index) => stages[index]!.merge(part));
  expect(merged.reduce((total, { events }) => total + events, 0)).toBe(7);
  expect(stages.reduce((total, { engine }) => total + engine.repeated, 0)).toBe(2);
});

test("a detector that throws at an event is left out, and after many it is muted", () => {
  const bad = aDetector({ id: "bad", where: { endpointClass: ["login"] }, counters: { all: count(() => thrown()) } });
  const muted: string[] = [];
  const detectors = [active(bad), failures];
  const counter = new TallyCounter({ detectors, config, partition: "p0", parts: 1, onMuted: (id) => muted.push(id) });
  counter.count(batchOf(failedLogins(30)));
  expect(muted).toEqual(["bad"]);
  expect(counter.faults).toBe(20);
  const { detections } = stageOf(detectors).merge(counter.take().parts[0]!);
  expect(detections).toMatchObject([{ detector: "three-failures", counters: { failures: 30 } }]);
});

describe("versions side by side", () => {
  test("what is counted in another way is left out, and said so; the rest is taken", () => {
    const users = active(aDetector({ id: "users", key: ["userId"], target: () => undefined }));
    const older = active(
      aDetector({ counters: { failures: count((event) => isFailed(event) && event.status !== 500) } }),
    );
    const events = failedLogins(4).map((event) => ({ ...event, userId: "anna" }));
    const stage = stageOf([failures, users]);
    const { detections, problem } = stage.merge(tallied([older, users], events));
    expect(detections.map(({ detector }) => detector)).toEqual(["users"]);
    expect(problem).toBe("1 lanes of counters that count something else here");
    expect(stage.engine.unknownLanes).toBe(1);
  });

  test("sections that are not known yet are skipped", () => {
    const tally = tallied([failures], failedLogins(4));
    const longer = Buffer.concat([tally.subarray(prefixBytes(tally)), Buffer.from([99, 3, 1, 2, 3])]);
    const { detections, problem } = stageOf([failures]).merge(framed(longer));
    expect({ found: detections.length, problem }).toEqual({ found: 1, problem: undefined });
  });

  test.for([
    ["a version to come", Buffer.from([tallyVersion + 1, 0]), "a tally of version 2, and this is 1"],
    ["no bytes", Buffer.alloc(0), "expected a byte before byte 0 of 0"],
    ["another part", tallied([failures], [], "p0", 2), "a tally of part 0 of 2, and this is 0 of 1"],
  ] as const)("%s is a problem", ([, bytes, problem]) => {
    expect(stageOf([failures]).merge(bytes)).toEqual({ detections: [], events: 0, problem });
  });
});

describe("bytes that are no tally", () => {
  const every = everyKind();
  const tally = tallied([every], manyEvents());

  test("cut off anywhere: a problem that says where", () => {
    const stage = stageOf([every]);
    for (let length = 0; length < tally.length; length++)
      expect(stage.merge(tally.subarray(0, length)).problem).toMatch(/^expected /);
  });

  test("changed anywhere: nothing is thrown, and nothing takes long", () => {
    const change = fc.record({ at: fc.nat(tally.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const hostile = Buffer.from(tally);
        for (const { at, bytes } of changes) hostile.set(bytes.subarray(0, tally.length - at), at);
        const stage = stageOf([every]);
        stage.merge(hostile);
        stage.takeTraffic(hostile);
        stage.finish();
      }),
      { numRuns: 150 },
    );
  });
});

test.for([2, 5, 8, 9, 60])("%s events of one bucket are what they are one by one", (times) => {
  const counters = {
    requests: count(),
    bytes: sum(({ responseBytes }) => responseBytes),
    slowest: max(({ durationMs }) => durationMs),
    paths: distinct(({ path }) => path),
    p90Ms: quantile(({ durationMs }) => durationMs, 0.9, undefined, { key: ["route"] }),
  };
  const all = {
    where: { endpointClass: ["catalog" as const] },
    key: ["clientIp", "route"] as const,
    evidence: () => true,
  };
  const definition = aDetector({
    ...all,
    counters,
    fires: (f) => Number(f["requests"]) >= times,
    target: () => undefined,
  });
  const events = Array.from({ length: times }, (_, i) =>
    anEvent({ time: noon + i, responseBytes: 100 + i, durationMs: 7 * i, path: `/${i % 40}` }),
  );
  const stage = stageOf([active(definition)]);
  stage.merge(tallied([active(definition)], events));
  const whole = stageOf([active(definition)]);
  whole.engine.process({ partition: "p0", ...batchOf(events) });
  const [told] = stage.finish();
  expect(told!.counters).toMatchObject({ requests: times, bytes: 100 * times + (times * (times - 1)) / 2 });
  expect({ ...told, version: 0 }).toEqual({ ...whole.finish()[0], version: 0 });
});

test("the bytes of version 1 stay what they are, and are understood", () => {
  const every = everyKind();
  const counter = new TallyCounter({ detectors: [every], config, partition: "p0", parts: 1 });
  counter.count(batchOf(manyEvents()));
  const { parts, traffic } = counter.take();
  const hex = [parts[0]!, traffic].map((bytes) => bytes.toString("hex")).join("\n");
  if (!existsSync(golden)) writeFileSync(golden, `${hex}\n`);
  const known = readFileSync(golden, "utf8").trim();
  expect(hex).toBe(known);
  const stage = stageOf([every]);
  expect(stage.merge(Buffer.from(known.split("\n")[0]!, "hex")).problem).toBeUndefined();
  // What was told on change, of all of them.
  expect(stage.finish().find(({ sealed }) => !sealed)?.counters).toEqual({
    ...{ requests: 70, bytes: 35_840, slowest: 88, paths: 70, p90Ms: 83.1287, places: 3, countries: 2 },
  });
});

// helpers

function thrown(): never {
  throw new Error("bad");
}

/** A tenth of a second apart, by one client. */
function failedLogins(times: number): AccessEvent[] {
  return Array.from({ length: times }, (_, i) =>
    anEvent({ time: noon + i * 100, endpointClass: "login", outcome: "failed", status: 401 }),
  );
}

/** Over two stretches of time, of a few clients. */
function manyEvents(): AccessEvent[] {
  return Array.from({ length: 140 }, (_, i) =>
    anEvent({
      ...{ time: noon - 20_000 + i * 200, durationMs: 20 + (i % 70), country: i % 3 === 0 ? "DE" : "FR" },
      ...{ path: `/api/${i % 71}`, clientKey: `198.51.100.${i % 2}`, clientIp: `198.51.100.${i % 2}` },
      ...{ latitude: i / 7, longitude: -i, userId: i % 5 === 0 ? "jörg" : undefined },
    }),
  );
}

/** Counts in every way there is. Its functions are known by their names, whatever their text is made of. */
function everyKind(): ActiveDetector {
  const of = named("route", ({ route }: AccessEvent) => route);
  const counters = {
    requests: count(),
    bytes: sum(named("bytes", ({ responseBytes }: AccessEvent) => responseBytes)),
    slowest: max(named("duration", ({ durationMs }: AccessEvent) => durationMs)),
    paths: distinct(named("path", ({ path }: AccessEvent) => path)),
    places: last(
      3,
      named("place", ({ latitude, longitude }: AccessEvent) => [latitude, longitude]),
    ),
    countries: firstSeen(
      named("country", ({ country }: AccessEvent) => country),
      { memory: "7d" },
    ),
    p90Ms: quantile(named("ms", ({ durationMs }: AccessEvent) => durationMs), 0.9, undefined, { key: ["route"] }), // prettier-ignore
  };
  return {
    mode: "active",
    params: {},
    definition: aDetector({
      ...{ id: "every-kind", key: ["clientIp", "route"], where: { endpointClass: ["catalog"] }, counters },
      ...{ params: z.strictObject({}), evidence: named("even", ({ time }: AccessEvent) => time % 400 === 0) },
      ...{
        fires: (figures) => Number(figures["requests"]) >= 60,
        summary: () => of(anEvent()),
        target: () => undefined,
      },
    }),
  };
}

function named<F extends object>(name: string, fn: F): F {
  return Object.assign(fn, { toString: () => name });
}

function batchOf(events: readonly AccessEvent[]) {
  return { events, takenAt: (i: number) => events[i]!.time };
}

function tallied(
  detectors: readonly ActiveDetector[],
  events: readonly AccessEvent[],
  partition = "p0",
  parts = 1,
): Buffer {
  // prettier-ignore
  const counter = new TallyCounter({ detectors, config, partition, parts });
  counter.count(batchOf(events));
  return counter.take().parts[0]!;
}

function stageOf(detectors: readonly ActiveDetector[], clock = new TestClock(noon + 1000), part = { index: 0, of: 1 }) {
  return new DetectStage({ detectors, config, clock, part, onMuted: () => {} });
}

/** The version, and how long what follows is. */
function prefixBytes(tally: Buffer): number {
  return tally[1]! < 0x80 ? 2 : 3;
}

function framed(body: Buffer): Buffer {
  const length = body.length;
  return Buffer.concat([Buffer.from([tallyVersion, (length & 0x7f) | 0x80, length >>> 7]), body]);
}
