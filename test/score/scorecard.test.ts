import { describe, expect, test } from "vitest";
import { missedMarks } from "../../src/score/marks.ts";
import type { PairScore, RunScore } from "../../src/score/run-score.ts";
import { listsOf } from "../../src/score/score-lists.ts";
import { scoreOf } from "../../src/score/scorecard.ts";
import { seedsOf } from "../../src/score/seeds.ts";
import type { Intensity } from "../../src/simulate/label.ts";

describe("adding up runs", () => {
  test("recall by intensity, each attack counting the same", () => {
    const { recall } = scoreOf(
      [
        aRun({ pairs: [aPair({ expected: 10, found: 5 }), aPair({ expected: 1, found: 1 })] }),
        aRun({ intensity: 3, pairs: [aPair({ intensity: 3, found: 0 })] }),
        aRun({ intensity: 0.8, pairs: [aPair({ intensity: 0.8, found: 0 })] }),
      ],
      ["stuffing"],
    );
    expect(recall).toEqual({ "10": 0.75, "3": 0, "1.2": null, "0.8": 0 });
  });

  test("precision, wrong blocks for a million client-days, refused shares", () => {
    const wrong = { detector: "stuffing", about: "x", text: "", at: 0, because: "campus" };
    const score = scoreOf(
      [
        aRun({ right: { stuffing: 3 }, wrong: [wrong], rightBlocks: { stuffing: 9 }, wrongBlocks: [wrong] }),
        aRun({ clientDays: 3_000, logins: { total: 0, hit: 0 }, requests: { total: 300, hit: 4 } }),
      ],
      ["stuffing", "other"],
    );
    expect(score).toMatchObject({ precision: 0.75, blocks: { precision: 0.9 }, wrongBlocksPerMillionClientDays: 250 });
    expect(score.refused).toEqual({ requests: 0.01, logins: null, checkouts: null });
    expect(score.detectors["stuffing"]).toMatchObject({ precision: 0.75, detections: { right: 3, wrong: 1 } });
    expect(score.detectors["other"]).toMatchObject({ precision: null, blocks: { precision: null } });
  });

  test("delays and alerts are of what was found, from 1.2 times the floor on", () => {
    const pairs = [1_000, 2_000, 9_000].map((delayMs) => aPair({ delayMs, delayEvents: delayMs / 1000, alerts: 2 }));
    const score = scoreOf(
      [
        aRun({ pairs: [...pairs, aPair({ found: 0, delayMs: undefined, delayEvents: undefined, alerts: 0 })] }),
        aRun({ intensity: 0.8, pairs: [aPair({ intensity: 0.8, delayMs: 50_000 })] }),
      ],
      ["stuffing"],
    );
    expect(score.delaySeconds).toEqual({ p50: 2, p95: 9 });
    expect(score.delayEvents).toEqual({ p50: 2, p95: 9 });
    expect(score.detectors["stuffing"]?.alertsPerAttack).toBe(2);
  });

  test("a detector is blind only where it saw nothing in every run", () => {
    const unseeing = [{ detector: "stuffing", state: "blind" as const, missing: ["userId" as const] }];
    const of = (...runs: RunScore[]) => scoreOf(runs, ["stuffing"]).detectors["stuffing"];
    expect(of(aRun({ unseeing }))).toMatchObject({ sees: "blind", missing: ["userId"] });
    expect(of(aRun({ unseeing }), aRun({}))).toMatchObject({ sees: "all", missing: [] });
  });
});

describe("marks", () => {
  const good = aRun({
    pairs: [aPair({})],
    attacks: [{ attack: "a", intensity: 10, isFound: true, alerts: 1, harm: undefined }],
  });

  test("all are reached", () => {
    expect(missedMarks(new Map([["enriched", scoreOf([good], ["stuffing"])]]))).toEqual([]);
  });

  test.for([
    ["recall at ten times the floor at least 0.99", { pairs: [aPair({ found: 0 })] }],
    ["blocks: precision at least 0.99", { wrongBlocks: [{ detector: "d", about: "", text: "", at: 0, because: "" }] }],
    ["silence at 0.8 times the floor", { pairs: [aPair({ intensity: 0.8 })] }],
    [
      "a payment storm found within 15 s",
      { pairs: [aPair({ attack: "payment-storm", detector: "payment-storm", sinceStartMs: 16_000 })] },
    ],
    [
      "1.0 to 1.5 alerts for each attack",
      { attacks: [{ attack: "a", intensity: 10, isFound: true, alerts: 2, harm: undefined }] },
    ],
  ] as [string, Partial<RunScore>][])("missed: %s", ([mark, run]) => {
    const missed = missedMarks(new Map([["enriched", scoreOf([aRun(run)], [])]]));
    expect(missed.map((one) => one.mark)).toEqual([mark]);
  });

  test("logs that tell less are held to precision and silence alone", () => {
    const run = aRun({ pairs: [aPair({ found: 0 })] });
    expect(missedMarks(new Map([["bare", scoreOf([run], [])]]))).toEqual([]);
  });
});

test("what was missed is listed with its run", () => {
  const { missed, notSimulated } = listsOf([
    aRun({ pairs: [aPair({}), aPair({ found: 0, attack: "quiet" })], skipped: ["long: too short"] }),
    aRun({ intensity: 0.8, pairs: [aPair({ intensity: 0.8, found: 0 })], skipped: ["long: too short"] }),
  ]);
  expect(missed).toMatchObject([{ seed: 1, intensity: 10, kind: "enriched", scene: "day", attack: "quiet" }]);
  expect(notSimulated).toEqual(["long: too short"]);
});

test("no seed is in both ranges", () => {
  expect(new Set([...seedsOf(100_000, "score"), ...seedsOf(100_000, "tuning")]).size).toBe(20_000);
});

// helpers

function aPair(changes: Partial<PairScore> = {}): PairScore {
  return {
    ...{ attack: "stuffing", intensity: 10, detector: "stuffing", start: 0, expected: 1, found: 1, missed: [] },
    ...{ delayMs: 0, delayEvents: 0, alerts: 1, sinceStartMs: 0 },
    ...changes,
  };
}

function aRun(changes: Partial<RunScore> & { intensity?: Intensity } = {}): RunScore {
  const none = { total: 0, hit: 0 };
  return {
    ...{
      seed: 1,
      intensity: 10,
      kind: "enriched",
      scene: "day",
      pairs: [],
      attacks: [],
      right: {},
      beside: {},
      wrong: [],
    },
    ...{ rightBlocks: {}, wrongBlocks: [], clientDays: 1_000, unseeing: [], uncrossed: [], skipped: [] },
    ...{ requests: { total: 100, hit: 0 }, logins: none, checkouts: none },
    ...changes,
  };
}
