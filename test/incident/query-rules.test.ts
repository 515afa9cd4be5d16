import { describe, expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import { QueryRules } from "../../src/incident/query-rules.ts";
import { createServiceDetections } from "../../src/incident/service-detections.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { aRunbook } from "../support/a-runbook.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { TestClock } from "../support/test-clock.ts";

const slow = aRunbook({
  id: "slow-checkout",
  title: "Slow checkout",
  match: undefined,
  query: { sql: "SELECT slow", everyMs: 30_000, key: ["route"] },
  resolveAfterMs: 60_000,
});

function scene(runbooks = [slow], clock = new TestClock()) {
  const store = new MemoryStore();
  const found: Detection[] = [];
  const reports: Detection[] = [];
  const service = createServiceDetections({ clock, emit: (detection) => reports.push(detection) });
  const rules = new QueryRules({
    store,
    clock,
    runbooks,
    service,
    log: silentLog,
    metrics: createMetrics(),
    emit: (detections) => void found.push(...detections),
  });
  rules.start();
  const told = () => found.splice(0).map(({ state, version, key }) => `${state} ${version} ${key["route"]}`);
  return { clock, store, rules, found, reports, told };
}

describe("a rule that watches the store", () => {
  test("asks as often as it says; the same key is the same match until it was absent for a while", async () => {
    const { clock, store, told } = scene();
    store.answer(() => [{ route: "/pay", p99: 2500 }]);
    await clock.advance(1000);
    expect(told()).toEqual(["open 1 /pay"]);
    await clock.advance(29_000);
    expect(store.asked).toHaveLength(1);
    store.answer(() => [
      { route: "/pay", p99: 2600 },
      { route: "/cart", p99: 9000 },
    ]);
    await clock.advance(1000);
    expect(told()).toEqual(["open 2 /pay", "open 1 /cart"]);
    store.answer(() => [{ route: "/pay", p99: 2600 }]);
    await clock.advance(60_000);
    expect(told()).toEqual(["open 3 /pay", "open 4 /pay", "closed 2 /cart"]);
  });

  test("makes detections that speak for themselves", async () => {
    const { clock, store, found } = scene();
    store.answer(() => [
      { route: "/pay\u0007", p99: 2500, severity: "critical", endpointClass: "payment", owner: "payments" },
    ]);
    await clock.advance(1000);
    expect(found[0]).toMatchObject({
      detector: "slow-checkout",
      origin: "query",
      key: { route: "/pay" },
      counters: { p99: 2500 },
      severity: "critical",
      endpointClass: "payment",
      owner: "payments",
      summary: "route /pay, p99 2500",
      targets: [],
    });
  });

  test("reports on itself when its question fails, and when it works again", async () => {
    const { clock, store, reports, told } = scene();
    store.answer(() => new Error("Unknown identifier p99"));
    await clock.advance(31_000);
    store.answer(() => []);
    await clock.advance(30_000);
    expect(reports.map(({ detector, state, key }) => [detector, state, key["part"]])).toEqual([
      ["gatewatch-store-failing", "open", "runbook slow-checkout"],
      ["gatewatch-store-failing", "closed", "runbook slow-checkout"],
    ]);
    expect(reports[0]?.summary).toContain("Unknown identifier p99");
    expect(told()).toEqual([]);
  });

  test("counts as failed without an answer in time, and is not asked a second time meanwhile", async () => {
    const { clock, store, reports } = scene([slow, { ...slow, id: "another" }]);
    let answer: ((rows: unknown[]) => void) | undefined;
    store.answer(() => new Promise((resolve) => (answer = resolve)));
    await clock.advance(120_000);
    expect(reports.map(({ summary }) => summary)).toEqual([
      "The question of runbook slow-checkout failed: no answer within 20 s",
    ]);
    expect(store.asked).toHaveLength(1);
    answer?.([]);
    await clock.advance(1000);
    expect(store.asked).toHaveLength(2);
  });

  test("takes at most 200 matches", async () => {
    const { clock, store, found } = scene();
    store.answer(() => Array.from({ length: 300 }, (_, n) => ({ route: `/r${n}` })));
    await clock.advance(1000);
    expect(found).toHaveLength(200);
  });

  test("goes on with the matches of an earlier run, and ends those of a rule that is gone", async () => {
    const { clock, store, rules, found, told } = scene();
    store.answer(() => [{ route: "/pay" }]);
    await clock.advance(1000);
    const open = [...found];
    const next = scene([slow], new TestClock(clock.now() + 300_000));
    next.rules.restore(open);
    next.store.answer(() => [{ route: "/pay" }]);
    await next.clock.advance(2000);
    expect(next.told()).toEqual(["open 2 /pay"]);

    told();
    rules.update([]);
    await clock.advance(1000);
    expect(told()).toEqual(["closed 2 /pay"]);
    await rules.stop();
  });
});
