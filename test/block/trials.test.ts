import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Decision, WouldHaveHit } from "../../src/block/decision.ts";
import { Trials } from "../../src/block/trials.ts";
import type { Standing } from "../../src/detect/customers.ts";
import type { Detection, Target } from "../../src/detect/detection.ts";
import type { ActiveDetector } from "../../src/detect/plan.ts";
import { aDetection } from "../support/a-detection.ts";
import { aDetector } from "../support/a-detector.ts";
import { aDecision } from "./a-decision.ts";
import { changeBy } from "./block-scene.ts";

const start = Date.parse("2026-08-22T08:00:00.000Z");
const hour = 3_600_000;
const id = "credential-stuffing";

describe("what a detector found", () => {
  test("open, closed and unconfirmed detections count once, however often they are told", () => {
    const { trials, find, report } = scene();
    for (const detection of [find("a"), find("b"), find("c")]) trials.detections([detection, detection]);
    trials.detections([find("b", { state: "closed", version: 2 }), find("c", { state: "unconfirmed", version: 2 })]);
    expect(report()).toMatchObject({ detections: 2, states: { open: 1, closed: 1, unconfirmed: 1 } });
  });

  test("the keys found most often come first, without characters that change how they are shown", () => {
    const { trials, find, report } = scene();
    for (let i = 0; i < 3; i++) trials.detections([find("b", { id: `b${i}` })]);
    trials.detections([find("a\u202e\u0000"), find("c")]);
    expect(report().keys).toEqual([
      { key: "clientIp b", times: 3 },
      { key: "clientIp a", times: 1 },
      { key: "clientIp c", times: 1 },
    ]);
  });

  test("whom they were about: each client once, and what it had done before", () => {
    const { trials, find, report } = scene({ buyer: "bought", member: "signedIn" });
    for (const state of ["open", "closed"] as const) {
      trials.detections(["buyer", "member", "stranger"].map((client) => find(client, { id: `${client} 1`, state })));
    }
    trials.detections([find("buyer", { id: "again" })]);
    expect(report().people).toEqual({ all: 3, bought: 1, signedIn: 1 });
  });

  test("a rate is told once an hour was seen, and counts event time", () => {
    const { trials, find, report } = scene();
    trials.detections([find("a")]);
    expect(report()).toMatchObject({ since: start, until: start, aDay: undefined });
    trials.at(start + 12 * hour);
    expect(report()).toMatchObject({ until: start + 12 * hour, aDay: { detections: 2, alerts: 0, blocked: 0 } });
  });

  test("what other detectors, rules over the store and gatewatch itself report is not counted here", () => {
    const { trials, find, report } = scene();
    trials.detections([find("a", { detector: "other" }), find("b", { origin: "query" })]);
    expect(report().detections).toBe(0);
    expect(trials.report("other")).toBeUndefined();
  });
});

describe("how often people would have been told", () => {
  test.for([
    ["it opens an incident that a team is paged for", {}, 1],
    ["nobody is paged only since the detector is on trial", { quiet: "dry_run" }, 1],
    ["it opens the incident anew", { kind: "reopened" }, 1],
    ["it joins an open incident", { kind: "updated" }, 0],
    ["the runbook names nobody", { team: undefined, quiet: "not_paged" }, 0],
    ["it is silenced", { quiet: "silenced:sil_1" }, 0],
  ] as const)("%s", ([, how, expected]) => {
    const { trials, report } = scene();
    const { kind = "opened", ...incident } = how as { kind?: "opened"; team?: undefined; quiet?: string };
    const change = changeBy(aDetection({ mode: "dry-run" }), { kind });
    const told = { ...change, incident: { ...change.incident, ...incident } };
    trials.changed(told);
    trials.changed(told);
    expect(report().alerts).toBe(expected);
  });
});

describe("whom it would have blocked", () => {
  test("what stands, waits for a person, was refused or taken back is told apart, with the guard's rules", () => {
    const { decide, report } = scene({ "192.0.2.1": "bought" });
    decide({ id: 1, value: "192.0.2.1" });
    decide({
      id: 2,
      value: "192.0.2.2",
      state: "asked",
      verdicts: [verdict("confidence", "ask"), verdict("x", "yes")],
    });
    decide({
      id: 3,
      value: "192.0.2.3",
      state: "refused",
      verdicts: [verdict("allow-list", "no"), verdict("stale", "no")],
    });
    decide({ id: 4, value: "192.0.2.4" });
    decide({ id: 4, value: "192.0.2.4", version: 2, state: "lifted", liftedBy: "gatewatch" });
    const { blocks, latest } = report();
    expect(blocks).toMatchObject({
      blocked: { all: 1, bought: 1, signedIn: 0 },
      onTrial: 1,
      ...{ asked: { all: 1 }, refused: { all: 1 }, withdrawn: { all: 1 } },
      refusedBy: { confidence: 1, "allow-list": 1, stale: 1 },
    });
    expect(latest.map(({ value, result, standing, refusedBy }) => [value, result, standing, refusedBy])).toEqual([
      ["192.0.2.4", "withdrawn", "neither", []],
      ["192.0.2.3", "refused", "neither", ["allow-list", "stale"]],
      ["192.0.2.2", "asked", "neither", ["confidence"]],
      ["192.0.2.1", "blocked", "bought", []],
    ]);
  });

  test("one that was refused and stands once the detector is surer counts as blocked alone", () => {
    const { decide, report } = scene();
    decide({ id: 1, state: "refused", verdicts: [verdict("confidence", "no")] });
    decide({ id: 1, version: 2, state: "active" });
    decide({ id: 1, version: 3, state: "expired" });
    expect(report().blocks).toMatchObject({ blocked: { all: 1 }, refused: { all: 0 }, refusedBy: {} });
  });

  test("one that waited for a person until it ran out stood at no time", () => {
    const { decide, report } = scene();
    decide({ id: 1, state: "asked", verdicts: [verdict("users", "ask")] });
    decide({ id: 1, version: 2, state: "expired", verdicts: [verdict("users", "ask")] });
    expect(report().blocks).toMatchObject({ blocked: { all: 0 }, asked: { all: 1 }, refusedBy: { users: 1 } });
  });

  test("what gateways were told of is told apart from what was only on trial", () => {
    const { decide, report } = scene();
    decide({ id: 1, value: "192.0.2.1", dryRun: false });
    decide({ id: 2, value: "192.0.2.2", dryRun: false, state: "expired" });
    decide({ id: 3, value: "192.0.2.3" });
    decide({ id: 4, value: "192.0.2.4", state: "expired" });
    expect(report().blocks).toMatchObject({ blocked: { all: 4 }, onTrial: 2 });
  });

  test("requests are counted while a dry run holds, and stay when it has ended; each target counts once", () => {
    const { decide, hits, report } = scene();
    const hit = { requests: 5, succeeded: 2, signedIn: 1, bought: 1, users: ["u-1"], userCount: 1 };
    const first = decide({ id: 1 });
    hits.set(first.uuid, hit);
    expect(report().blocks.hit).toEqual({ requests: 5, succeeded: 2, signedIn: 1, bought: 1, users: 1 });
    hits.clear();
    decide({ id: 1, version: 2, state: "expired", wouldHaveHit: { ...hit, requests: 7 } });
    decide({ id: 2 });
    expect(report().blocks).toMatchObject({ blocked: { all: 1 }, hit: { requests: 7, users: 1 } });
    expect(report().latest[1]?.wouldHaveHit).toMatchObject({ requests: 7, users: ["u-1"] });
  });

  test("a refusal is settled after a day, and the latest twenty are listed", () => {
    const { trials, decide, report } = scene();
    for (let n = 1; n <= 30; n++) decide({ id: n, value: `198.51.100.${n}`, state: "refused" });
    trials.tick(start + 26 * hour);
    decide({ id: 30, value: "198.51.100.30", version: 2 });
    expect(report().blocks).toMatchObject({ refused: { all: 30 }, blocked: { all: 0 } });
    expect(report().latest.map(({ decision }) => decision)).toEqual(Array.from({ length: 20 }, (_, i) => 30 - i));
  });
});

describe("since when", () => {
  test("another mode, parameter or rule begins a report anew; what began before is not counted in it", () => {
    const { trials, detector, find, decide, report } = scene();
    trials.detections([find("a")]);
    const held = decide({ id: 1 });
    expect(trials.update([{ ...detector }])).toEqual([]);
    expect(report().detections).toBe(1);
    expect(trials.update([{ ...detector, params: { failures: 9 } }])).toEqual([id]);
    trials.at(start + 2 * hour);
    trials.detections([find("a", { state: "closed" })]);
    trials.decided({ ...held, version: 2, state: "expired" });
    expect(report()).toMatchObject({ detections: 0, since: start + 2 * hour, blocks: { blocked: { all: 0 } } });
    trials.update([]);
    expect(trials.report(id)).toBeUndefined();
  });

  test("a restart goes on with it, and takes in what was decided after it was saved", () => {
    const before = scene({ "203.0.113.7": "signedIn" });
    before.trials.detections([before.find("a"), before.find("b")]);
    before.trials.changed(changeBy(aDetection()));
    const held = before.decide({ id: 1 });
    const settled = before.decide({ id: 2, state: "expired" });
    const saved = deserialize(serialize(before.trials.save()));
    const missed = before.decide({ id: 3, value: "192.0.2.9" });

    const after = scene({ "203.0.113.7": "signedIn" });
    after.trials.load(saved, [missed, settled, { ...held, version: 2, state: "expired" }]);
    expect(after.report()).toEqual({ ...before.report(), latest: expect.anything() });
    after.trials.changed(changeBy(aDetection()));
    after.trials.detections([after.find("a", { state: "closed" }), after.find("b")]);
    expect(after.report()).toMatchObject({ detections: 2, alerts: 1, states: { open: 1, closed: 1 } });
  });

  test("after a restart with other parameters, or without what was saved, it begins anew", () => {
    const before = scene();
    before.trials.detections([before.find("a")]);
    const held = before.decide({ id: 1 });
    const other = scene({}, { failures: 9 });
    other.trials.load(before.trials.save(), [held]);
    expect(other.report()).toMatchObject({ detections: 0, blocks: { blocked: { all: 0 } } });
    const fresh = scene();
    fresh.trials.load(undefined, [held]);
    expect(fresh.report().blocks.blocked.all).toBe(0);
  });
});

// helpers

function scene(standings: Record<string, Standing> = {}, params: Record<string, unknown> = { failures: 5 }) {
  const hits = new Map<string, WouldHaveHit>();
  const definition = aDetector({ id, title: "Stuffing", params: z.strictObject({ failures: z.int().default(5) }) });
  const detector: ActiveDetector = { definition, params, mode: "dry-run" };
  const trials = new Trials({
    detectors: [detector],
    customers: { of: ({ value }: Target) => standings[value] ?? "neither" },
    thresholds: () => undefined,
    hits: (uuid) => hits.get(uuid),
  });
  trials.at(start);
  const decide = (changes: Partial<Decision>) => {
    const decision = aDecision({ dryRun: true, detector: id, ...changes });
    trials.decided(decision);
    return decision;
  };
  const find = (client: string, changes: Partial<Detection> = {}) =>
    aDetection({ id: client, key: { clientIp: client }, ...changes });
  return { trials, detector, hits, decide, find, report: () => trials.report(id)! };
}

function verdict(rule: string, says: Decision["verdicts"][number]["says"]) {
  return { rule, says, reason: "why" };
}
