import { describe, expect, test } from "vitest";
import { attemptTimeoutMs, nextStep, retryDelayMs, type StepInput } from "../../src/notify/delivery-step.ts";
import { sampleDelivery, sampleTime } from "../support/api-samples.ts";
import { refused, sent, serverError } from "../support/pager-scene.ts";

const delivery = (over = {}) => sampleDelivery({ state: "sending", createdAt: sampleTime, attempts: 1, ...over });
const silence = { ...serverError, reason: "timeout", maybeSent: true } as const;

function step(over: Partial<StepInput>) {
  return nextStep({
    delivery: delivery(),
    result: serverError,
    now: sampleTime,
    idempotent: true,
    failuresInRow: 1,
    hasFallback: false,
    over: false,
    random: 0.5,
    ...over,
  });
}

describe("after an attempt", () => {
  test.for([
    ["a success", { result: sent }, { kind: "sent" }],
    ["a success of what is over", { result: sent, over: true }, { kind: "sent" }],
    ["a failure of what is over", { over: true, hasFallback: true }, { kind: "cancel" }],
    ["refused, with another channel", { result: refused, hasFallback: true }, { kind: "hand_over" }],
    ["refused, without", { result: refused }, { kind: "give_up", state: "failed" }],
    ["a first failure", { hasFallback: true }, { kind: "again", at: sampleTime + 1_000, repeated: false }],
    ["a third in a row, with another", { failuresInRow: 3, hasFallback: true }, { kind: "hand_over" }],
    ["a third in a row, without", { failuresInRow: 3 }, { kind: "again", at: sampleTime + 1_000, repeated: false }],
    ["late, with another channel", { now: sampleTime + 14_500, hasFallback: true }, { kind: "hand_over" }],
    ["the last attempt", { delivery: delivery({ attempts: 14 }) }, { kind: "give_up", state: "failed" }],
    ["half an hour", { now: sampleTime + 1_800_000 }, { kind: "give_up", state: "failed" }],
    [
      "silence where repeats are harmless",
      { result: silence },
      { kind: "again", at: sampleTime + 1_000, repeated: false },
    ],
    [
      "silence elsewhere, with another",
      { result: silence, idempotent: false, hasFallback: true },
      { kind: "hand_over" },
    ],
    [
      "silence elsewhere, without",
      { result: silence, idempotent: false },
      { kind: "again", at: sampleTime + 1_000, repeated: true },
    ],
    [
      "silence elsewhere, a second time",
      { result: silence, idempotent: false, delivery: delivery({ repeated: true }) },
      { kind: "give_up", state: "unknown" },
    ],
    [
      "a clear no after a silence",
      { idempotent: false, delivery: delivery({ repeated: true }) },
      { kind: "again", at: sampleTime + 1_000, repeated: true },
    ],
  ] as [string, Partial<StepInput>, object][])("%s", ([, input, expected]) => {
    expect(step(input)).toEqual(expected);
  });
});

test.for([
  ["the first", 1, undefined, 0.5, 1_000],
  ["a little less by chance", 1, undefined, 0, 800],
  ["a little more by chance", 1, undefined, 0.999, 1_200],
  ["doubled", 4, undefined, 0.5, 8_000],
  ["bounded", 14, undefined, 0.5, 300_000],
  ["what was asked", 1, 60_000, 0.5, 60_000],
  ["no less than our own", 8, 1_000, 0.5, 128_000],
  ["what was asked, bounded", 1, 86_400_000, 0.5, 600_000],
] as const)("delay: %s", ([, attempts, askedMs, random, expected]) => {
  expect(retryDelayMs({ attempts, askedMs, random })).toBe(expected);
});

test.for([
  ["alone", 0, false, 10_000],
  ["first, with another channel waiting", 0, true, 10_000],
  ["second, with another channel waiting", 11_000, true, 4_000],
  ["late, with another channel waiting", 60_000, true, 2_000],
] as const)("time for an attempt: %s", ([, after, hasFallback, expected]) => {
  expect(attemptTimeoutMs(delivery(), { now: sampleTime + after, hasFallback })).toBe(expected);
});
