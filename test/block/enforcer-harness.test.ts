import { describe, expect, test } from "vitest";
import { blockMetrics } from "../../src/block/block-metrics.ts";
import type { Decision, Enforcer } from "../../src/block/decision.ts";
import { EnforcerBusy, EnforcerHarness } from "../../src/block/enforcer-harness.ts";
import { DecisionLedger } from "../../src/block/ledger.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { TestClock } from "../support/test-clock.ts";
import { aDecision } from "./a-decision.ts";

const minute = 60_000;

/** A gateway that keeps what it is told, and answers as the test says. */
function scene() {
  const clock = new TestClock();
  const ledger = new DecisionLedger({ clock });
  const told: string[] = [];
  const trouble: string[] = [];
  let answer: "ok" | "hang" | Error = "ok";
  const holds = new Set<string>();
  const enforcer: Enforcer = {
    name: "edge",
    type: "fake",
    async apply({ added, ended }, signal) {
      told.push([...added.map((d) => `+${d.value}`), ...ended.map((d) => `-${d.value}`)].join(" "));
      if (answer === "hang") {
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      }
      // As a real one may: it did what it was told, and the answer was lost.
      for (const decision of added) holds.add(decision.value);
      if (answer instanceof Error) throw answer;
      for (const decision of ended) holds.delete(decision.value);
    },
  };
  const harness = new EnforcerHarness({
    enforcer,
    ledger,
    clock,
    log: silentLog,
    metrics: blockMetrics(createMetrics()),
    onTrouble: (gateway, text) => trouble.push(`${gateway}: ${text ?? "well"}`),
  });
  return {
    clock,
    ledger,
    harness,
    told,
    trouble,
    holds,
    answers: (next: typeof answer) => (answer = next),
    put: async (...decisions: Decision[]) => {
      ledger.put(...decisions);
      await clock.advance(0);
    },
  };
}

const lifted = (decision: Decision, at: number): Decision => ({
  ...decision,
  version: 2,
  state: "lifted",
  liftedAt: at,
});

describe("a gateway that answers", () => {
  test("is told of each change at once", async () => {
    const { put, clock, told, harness } = scene();
    const decision = aDecision();
    await put(decision);
    await put(lifted(decision, clock.now()));
    expect(told).toEqual(["+203.0.113.7", "-203.0.113.7"]);
    expect(harness.behind).toBe(0);
  });

  test("hears nothing of dry runs and of those that wait for a person", async () => {
    const { put, told } = scene();
    await put(aDecision({ dryRun: true }), aDecision({ state: "asked" }));
    expect(told).toEqual([]);
  });

  test("is told many in batches of a hundred", async () => {
    const { put, told } = scene();
    await put(...Array.from({ length: 250 }, (_, i) => aDecision({ value: `198.51.${i >> 8}.${i & 255}` })));
    expect(told.map((text) => text.split(" ").length)).toEqual([100, 100, 50]);
  });

  test("is told that all has ended when blocking stops, and all anew afterwards", async () => {
    const { put, ledger, clock, told } = scene();
    await put(aDecision());
    ledger.setServing(false);
    await clock.advance(0);
    ledger.setServing(true);
    await clock.advance(0);
    expect(told).toEqual(["+203.0.113.7", "-203.0.113.7", "+203.0.113.7"]);
  });

  test("is told after our restart of all that holds, and of what was lifted", async () => {
    const { put, harness, clock, told } = scene();
    const ranOut = aDecision({ value: "198.51.100.2", state: "expired", until: clock.now() });
    await put(aDecision(), lifted(aDecision({ value: "198.51.100.1" }), clock.now()), ranOut);
    told.length = 0;
    harness.resync();
    await clock.advance(0);
    expect(told).toEqual(["+203.0.113.7 -198.51.100.1"]);
  });

  test("is told after a restart into observing that all has ended", async () => {
    const { ledger, harness, clock, told } = scene();
    ledger.setServing(false);
    ledger.put(aDecision());
    harness.resync();
    await clock.advance(0);
    expect(told).toEqual(["-203.0.113.7"]);
  });
});

describe("a gateway that fails", () => {
  test("is tried again, later and later; in trouble after three failures, and well again", async () => {
    const { put, clock, answers, told, trouble, harness } = scene();
    answers(new Error("answered 500"));
    await put(aDecision());
    expect([told.length, harness.inTrouble]).toEqual([1, false]);
    await clock.advance(1_000);
    expect([told.length, harness.inTrouble]).toEqual([2, false]);
    await clock.advance(2_000);
    expect([told.length, harness.inTrouble]).toEqual([3, true]);
    await clock.advance(4_000 + 8_000 + 16_000 + 30_000 + 30_000);
    expect(told).toHaveLength(8);
    expect(trouble).toEqual(["edge: answered 500"]);
    answers("ok");
    await clock.advance(30_000);
    expect(trouble).toEqual(["edge: answered 500", "edge: well"]);
    expect(harness.behind).toBe(0);
  });

  test("gets everything that holds once it is back", async () => {
    const { put, clock, answers, told } = scene();
    await put(aDecision({ value: "198.51.100.1" }));
    answers(new Error("answered 500"));
    await put(aDecision());
    await clock.advance(3_000);
    answers("ok");
    await clock.advance(4_000);
    expect(told.at(-1)?.split(" ").sort()).toEqual(["+198.51.100.1", "+203.0.113.7"]);
  });

  test("is not told late of a block that has run out, but of its end, since it may have heard of it", async () => {
    const { put, ledger, clock, answers, told, holds } = scene();
    answers(new Error("answered 500"));
    await put(aDecision({ until: clock.now() + 500 }));
    expect(holds).toContain("203.0.113.7");
    answers("ok");
    await clock.advance(600);
    ledger.expire();
    await clock.advance(1_000);
    expect(told).toEqual(["+203.0.113.7", "-203.0.113.7"]);
    expect(holds).toEqual(new Set());
  });

  test("always hears of a removal, however long it was away", async () => {
    const { put, clock, answers, holds } = scene();
    const decision = aDecision({ until: Date.parse("2026-08-22T09:00:00.000Z") + 60 * minute });
    await put(decision);
    answers(new Error("away"));
    await put(lifted(decision, clock.now()));
    await clock.advance(30 * minute);
    answers("ok");
    await clock.advance(minute);
    expect(holds).toEqual(new Set());
  });

  test("that hangs is given up after fifteen seconds", async () => {
    const { put, clock, answers, told, trouble } = scene();
    answers("hang");
    await put(aDecision());
    await clock.advance(3 * 15_000 + 3_000);
    expect(trouble).toEqual(["edge: no answer within 15 s"]);
    expect(told.length).toBeGreaterThanOrEqual(3);
  });

  test("that says when to come back is left alone until then", async () => {
    const { put, clock, answers, told } = scene();
    answers(new EnforcerBusy("answered 429", 20_000));
    await put(aDecision());
    await clock.advance(19_000);
    expect(told).toHaveLength(1);
    await clock.advance(1_000);
    expect(told).toHaveLength(2);
  });

  test("is left in peace once stopped", async () => {
    const { put, clock, answers, harness, told } = scene();
    answers("hang");
    await put(aDecision());
    await harness.stop();
    await clock.advance(minute);
    expect(told).toHaveLength(1);
  });
});
