import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { DecisionLedger } from "../src/block/ledger.ts";
import { count, isFailed } from "../src/detect/define-detector.ts";
import { detectConfig } from "../src/detect/detect-config.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import type { ActiveDetector } from "../src/detect/plan.ts";
import { LiveTrials } from "../src/live-trials.ts";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { LogClock } from "../src/replay/log-clock.ts";
import { aDetector } from "./support/a-detector.ts";
import { anEvent } from "./support/an-event.ts";
import { aDecision } from "./block/a-decision.ts";

const second = 1_000;
const id = "failures";

describe("a dry run's report", () => {
  test("tells what other thresholds would have found, and how many of those had bought", () => {
    const scene = aScene("dry-run");
    scene.buy("192.0.2.1");
    scene.fail("192.0.2.1", 6);
    scene.fail("192.0.2.2", 30);
    scene.pass(600);
    const [threshold] = scene.report().thresholds;
    expect(threshold).toMatchObject({ parameter: "failures", value: 5, near: { times: 2, max: 30 } });
    const at = Object.fromEntries(threshold!.at.map((one) => [one.value, [one.detections, one.bought]]));
    expect(at).toMatchObject({ 5: [2, 1], 6: [2, 1], 8: [1, 0], 35: [0, 0] });
    expect(scene.report().suggestions).toMatchObject([{ parameter: "failures", kind: "raise" }]);
    expect(scene.report()).toMatchObject({ mode: "dry-run", detections: 2, people: { all: 2, bought: 1 } });
  });

  test("a detector that acts has the same report, without thresholds", () => {
    const scene = aScene("active");
    scene.fail("192.0.2.2", 30);
    scene.pass(600);
    expect(scene.report()).toMatchObject({ mode: "active", detections: 1, thresholds: [], suggestions: [] });
  });

  test("a restart in the midst of an attack changes nothing of it", () => {
    const [whole, cut] = [aScene("dry-run"), aScene("dry-run")];
    for (const scene of [whole, cut]) {
      scene.buy("192.0.2.1");
      scene.fail("192.0.2.1", 20);
      scene.ledger.put(scene.block);
      scene.trials.decided(scene.block);
      scene.ledger.seen({ ...anEvent({ clientIp: "192.0.2.1" }), userId: "alice" });
      scene.pass(20);
    }
    const again = cut.restart();
    for (const scene of [whole, again]) {
      scene.fail("192.0.2.1", 10);
      scene.ledger.seen({ ...anEvent({ clientIp: "192.0.2.1" }), userId: "alice" });
      scene.pass(600);
    }
    expect(again.report()).toEqual(whole.report());
    expect(again.report()).toMatchObject({ detections: 1, blocks: { hit: { requests: 2, users: 1 } } });
  });

  test("what was saved doesn't change with what is counted after it", () => {
    const scene = aScene("dry-run");
    scene.fail("192.0.2.1", 20);
    const saved = scene.trials.save();
    const before = serialize(saved);
    scene.fail("192.0.2.1", 20);
    scene.fail("192.0.2.2", 20);
    scene.pass(600);
    expect(serialize(saved).equals(before)).toBe(true);
  });

  test("another parameter begins it anew, its thresholds too", () => {
    const scene = aScene("dry-run");
    scene.fail("192.0.2.2", 30);
    scene.pass(600);
    scene.change({ failures: 20 });
    expect(scene.report()).toMatchObject({ detections: 0, thresholds: [] });
    scene.fail("192.0.2.3", 30);
    scene.pass(600);
    expect(scene.report().thresholds).toMatchObject([{ value: 20, near: { times: 1 } }]);
  });

  test("so does a second dry run with the same parameters", () => {
    const scene = aScene("dry-run");
    scene.fail("192.0.2.2", 30);
    scene.change({ failures: 5 }, "active");
    scene.change({ failures: 5 }, "dry-run");
    expect(scene.report()).toMatchObject({ detections: 0, thresholds: [] });
  });
});

// helpers

/** A detector of failed logins, by its own clock: a minute's window, a second's buckets. */
function aScene(mode: ActiveDetector["mode"], from: { state?: Buffer; time?: number; held?: boolean } = {}) {
  const definition = aDetector({
    ...{ id, params: z.strictObject({ failures: z.int().min(1).default(5) }) },
    counters: { failures: count(isFailed) },
    floor: ({ failures }) => Number(failures),
    fires: ({ failures }, params) => Number(failures) >= Number(params["failures"]),
  });
  let detector: ActiveDetector = { definition, params: { failures: 5 }, mode };
  const clock = new LogClock();
  let time = from.time ?? Date.parse("2026-08-22T09:00:00.000Z");
  clock.advanceTo(time);
  const block = aDecision({
    id: 1,
    value: "192.0.2.1",
    dryRun: true,
    detector: id,
    createdAt: time,
    until: time + 3_600_000,
  });
  const ledger = new DecisionLedger({ clock });
  const trials = new LiveTrials([detector]);
  const config = detectConfig.parse({ clients: 1_024 });
  const detect = new DetectStage({ detectors: [detector], watcher: trials.watcher, config, clock, onMuted() {} });
  const state = from.state && deserialize(from.state);
  if (from.held) ledger.put(block);
  if (state) {
    detect.load(state.detect);
    ledger.hits.load(state.trials.hits, () => true);
  }
  trials.load(state?.trials, ledger);

  const see = (partial: Partial<AccessEvent>) => {
    const events = [anEvent({ time: (time += second), endpointClass: "login", ...partial })];
    clock.advanceTo(time);
    const batch = { partition: "p", offsets: [0], receivedAt: time } as never;
    trials.detections(detect.process(batch, { events, offsets: [0] }));
    trials.saw(events, detect.watermark.value);
  };
  return {
    ...{ trials, ledger, block },
    report: () => trials.report(id)!,
    buy: (clientIp: string) => see({ clientIp, endpointClass: "checkout", userId: "alice" }),
    fail: (clientIp: string, times: number) => {
      for (let i = 0; i < times; i++) see({ clientIp, outcome: "failed", attempt: true });
    },
    /** Lets event time pass, told by a request that nobody looks at. */
    pass: (seconds: number) => {
      time += seconds * second;
      see({ clientIp: "198.51.100.9", endpointClass: "catalog" });
    },
    change: (params: { failures: number }, as = mode) => {
      detector = { ...detector, params, mode: as };
      trials.update([detector]);
      detect.update([detector]);
    },
    restart: () =>
      aScene(mode, { state: serialize({ detect: detect.save(), trials: trials.save() }), time, held: true }),
  };
}
