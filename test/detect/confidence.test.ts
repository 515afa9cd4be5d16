import { describe, expect, test } from "vitest";
import { confidenceOf, signalOf, strengthOf } from "../../src/detect/confidence.ts";
import { count, type DetectorDefinition, isFailed } from "../../src/detect/define-detector.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { noContext } from "../../src/detect/judge-context.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");

test.for([
  [1, "low"],
  [1.49, "low"],
  [1.5, "medium"],
  [2.99, "medium"],
  [3, "high"],
  [40, "high"],
] as const)("%d times its floor is %s", ([strength, expected]) => expect(confidenceOf(strength)).toBe(expected));

test.for<[string, Partial<DetectorDefinition>, Record<string, unknown>, number]>([
  ["what it says itself", { strength: () => 4.321 }, { n: 5 }, 4.32],
  ["never less than at its floor", { strength: () => 0.2 }, { n: 5 }, 1],
  ["nothing that is no number", { strength: () => NaN }, { n: 5 }, 1],
  ["else its first counter over its floor", { floor: () => 4 }, { n: 10, m: 99 }, 2.5],
  ["1 without a floor", {}, { n: 10 }, 1],
  ["1 where the first counter is no count", { floor: () => 2 }, { n: { known: true, value: 9 } }, 1],
])("its strength is %s", ([, partial, figures, expected]) => {
  expect(strengthOf(aDetector(partial), { figures, params: {}, context: noContext })).toBe(expected);
});

test.for<[string, Partial<DetectorDefinition>, string]>([
  ["what it says itself", { signal: "cards" }, "cards"],
  ["the first class it looks at", { where: { endpointClass: ["login", "signup"] } }, "login"],
  ["the only outcome, where that is a refusal", { where: { outcome: ["limited"] } }, "limited"],
  ["no outcome that is one of many", { where: { outcome: ["denied", "failed"] } }, "requests"],
  ["requests at large", { where: {} }, "requests"],
])("its signal is %s", ([, partial, expected]) => expect(signalOf(aDetector(partial))).toBe(expected));

describe("an episode", () => {
  const counting = aDetector({
    counters: { failures: count(isFailed) },
    floor: () => 4,
    fires: (figures) => Number(figures["failures"]) >= 4,
  });
  const failed = (second: number) =>
    anEvent({ time: start + second * 1000, endpointClass: "login", status: 401, outcome: "failed" });
  const run = (seconds: readonly number[]) => {
    const { process, engine } = anEngine({ detectors: [active(counting)], clock: new TestClock(start) });
    const told = seconds.flatMap((second) => process([failed(second)]));
    return { told, all: [...told, ...engine.finish()] };
  };
  const steps = (told: readonly Detection[]) =>
    told.map(({ confidence, sealed }) => `${confidence}${sealed ? " sealed" : ""}`);

  test("is told on change when it becomes surer", () => {
    const { told } = run(Array.from({ length: 14 }, (_, i) => i * 1.1));
    expect(steps(told).filter((step) => !step.endsWith("sealed"))).toEqual(["low", "medium", "high"]);
    expect(told.every(({ signal }) => signal === "login")).toBe(true);
  });

  test("keeps the highest it had, and is told when complete buckets are surer", () => {
    const { all } = run([...Array.from({ length: 12 }, (_, i) => i), 65, 66, 67, 68]);
    expect(all.at(-1)).toMatchObject({ confidence: "high", strength: 3, state: "closed" });
    const sealed = all.filter(({ sealed: isSealed }) => isSealed).map(({ confidence }) => confidence);
    expect(sealed.slice(0, 3)).toEqual(["low", "medium", "high"]);
    expect(new Set(sealed.slice(3))).toEqual(new Set(["high"]));
  });
});
