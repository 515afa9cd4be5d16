import { describe, expect, test } from "vitest";
import type { BacktestFinding } from "../../src/replay/backtest-finding.ts";
import type { BlockedTarget, VersionReport } from "../../src/replay/backtest-version.ts";
import { compareVersions, isChanged } from "../../src/replay/compare-versions.ts";

const found = (detector: string, clientIp: string, span: [firstSeen: number, lastSeen: number]): BacktestFinding => ({
  ...{ id: `${detector} ${clientIp} ${span[0]}`, detector, key: { clientIp }, severity: "high", confidence: "low" },
  ...{ firstSeen: span[0], firedAt: span[0], lastSeen: span[1], counters: {} },
  ...{ target: null, wouldBlock: false, refusedBy: [] },
});
const blocked = (value: string, standing: BlockedTarget["standing"] = "neither"): BlockedTarget => ({
  ...{ scope: "ip", value, standing, detectors: ["a"] },
  hit: { requests: 0, succeeded: 0, signedIn: 0, bought: 0 },
});
const version = (name: string, findings: BacktestFinding[], targets: BlockedTarget[] = []): VersionReport => ({
  ...{
    name,
    findings,
    moreFindings: 0,
    moreBlocks: 0,
    trials: [],
    blocked: targets,
    detectors: [],
    span: undefined,
    late: 0,
  },
});

describe("what two versions found", () => {
  test.for<[string, BacktestFinding[], BacktestFinding[], [both: number, first: number, second: number]]>([
    ["the same", [found("a", "x", [0, 10])], [found("a", "x", [0, 10])], [1, 0, 0]],
    ["the same, which began later", [found("a", "x", [0, 10])], [found("a", "x", [6, 10])], [1, 0, 0]],
    ["two of one, with a pause between", [found("a", "x", [0, 30])], [found("a", "x", [0, 5]), found("a", "x", [20, 30])], [1, 0, 0]],
    ["at another time", [found("a", "x", [0, 10])], [found("a", "x", [20, 30])], [0, 1, 1]],
    ["of another key", [found("a", "x", [0, 10])], [found("a", "y", [0, 10])], [0, 1, 1]],
    ["nothing now", [found("a", "x", [0, 10])], [], [0, 1, 0]],
  ])("%s", ([, before, after, expected]) => {
    const comparison = compareVersions(version("first", before), version("second", after));
    const [told] = comparison.detectors;
    expect([told?.both, told?.onlyFirst.length, told?.onlySecond.length]).toEqual(expected);
    expect(isChanged(comparison)).toBe(expected[1] + expected[2] > 0);
  }); // prettier-ignore

  test("is told by detector, and no key is mistaken for another's", () => {
    const comparison = compareVersions(
      version("first", [found("b", "x", [0, 10]), found("a", "x", [0, 10])]),
      version("second", [found("b", "x", [0, 10])]),
    );
    expect(comparison.detectors.map(({ detector, both, onlyFirst }) => [detector, both, onlyFirst.length])).toEqual([
      ["a", 0, 1],
      ["b", 1, 0],
    ]);
  });
});

test("blocks are gained and lost by target, with how many customers they were", () => {
  const { blocks } = compareVersions(
    version("first", [], [blocked("1", "bought"), blocked("2"), blocked("3", "signedIn")]),
    version("second", [], [blocked("2"), blocked("4", "bought"), blocked("5")]),
  );
  expect(blocks.both).toEqual({ all: 1, bought: 0, signedIn: 0 });
  expect(blocks.gained).toMatchObject({ all: 2, bought: 1, signedIn: 0, targets: [{ value: "4" }, { value: "5" }] });
  expect(blocks.lost).toMatchObject({ all: 2, bought: 1, signedIn: 1, targets: [{ value: "1" }, { value: "3" }] });
});
