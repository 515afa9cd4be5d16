import { expect, test } from "vitest";
import type { JudgedTarget } from "../../src/block/decision-maker.ts";
import type { Target } from "../../src/detect/detection.ts";
import { backtestFinding } from "../../src/replay/backtest-finding.ts";
import { GuardAnswers } from "../../src/replay/guard-answers.ts";
import { aDetection } from "../support/a-detection.ts";

const target: Target = { scope: "ip", value: "203.0.113.7" };
const other: Target = { scope: "ip", value: "203.0.113.8" };
const detection = aDetection({ id: "det_2", supersedes: "det_1", targets: [target] });
const verdicts = [
  { rule: "confidence", says: "no", reason: "" },
  { rule: "shared-address", says: "ask", reason: "" },
  { rule: "allow-list", says: "yes", reason: "" },
] as const;

const judged = (state: JudgedTarget["state"], partial: Partial<JudgedTarget> = {}): JudgedTarget => ({
  ...{ detection, target, state, verdicts },
  ...partial,
});

test.for<[string, JudgedTarget[], { wouldBlock: boolean; refusedBy: string[] }]>([
  ["nobody asked the guard", [], { wouldBlock: false, refusedBy: [] }],
  ["it agrees", [judged("active")], { wouldBlock: true, refusedBy: [] }],
  ["it refuses: the rules that object", [judged("refused")], { wouldBlock: false, refusedBy: ["confidence", "shared-address"] }],
  ["it refuses first, and agrees once it is surer", [judged("refused"), judged("active")], { wouldBlock: true, refusedBy: [] }],
  ["it agreed once, and would not today", [judged("active"), judged("refused")], { wouldBlock: true, refusedBy: [] }],
  ["it agreed while the detection had another id", [judged("active", { detection: aDetection({ id: "det_1" }) })], { wouldBlock: true, refusedBy: [] }],
  ["it was about another detection", [judged("active", { detection: aDetection({ id: "det_3" }) })], { wouldBlock: false, refusedBy: [] }],
  ["of two targets it agrees to one", [judged("refused"), judged("active", { target: other })], { wouldBlock: true, refusedBy: [] }],
])("%s", ([, all, expected]) => {
  const answers = new GuardAnswers();
  for (const one of all) answers.note(one);
  expect(backtestFinding(detection, answers.of(detection))).toMatchObject(expected);
}); // prettier-ignore

test.for<[Target[], unknown]>([
  [[], null],
  [[target], target],
  [
    [target, other],
    [target, other],
  ],
])("targets %o are told as %o", ([targets, expected]) => {
  expect(backtestFinding(aDetection({ targets }), []).target).toEqual(expected);
});
