import { describe, expect, test } from "vitest";
import { serviceStatus } from "../src/api/service-status.ts";
import type { Blocker } from "../src/block/responder.ts";
import type { Config } from "../src/config.ts";
import { detectConfig } from "../src/detect/detect-config.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import type { FieldCoverage } from "../src/normalize/access-event.ts";
import type { Normalizer } from "../src/normalize/normalizer.ts";
import type { BatchOutcome } from "../src/pipeline.ts";
import { StatusBoard, version } from "../src/service-status.ts";
import { anEvent } from "./support/an-event.ts";
import { PartitionLag } from "../src/partition-lag.ts";
import { stages, StageTimes } from "../src/stage-times.ts";
import { MemoryStore } from "./support/memory-store.ts";
import { aBatch } from "./support/pipeline-scene.ts";
import { shippedDetectors } from "./support/run-engine.ts";
import { TestClock } from "./support/test-clock.ts";

function aBoard(coverage: readonly FieldCoverage[] = []) {
  const clock = new TestClock();
  const board = new StatusBoard(clock);
  const detect = new DetectStage({
    detectors: shippedDetectors,
    config: detectConfig.parse({ clients: 1_024 }),
    clock,
    onMuted: () => {},
  });
  const sources = [
    { name: "edge", type: "kafka" },
    { name: "push", type: "http" },
  ];
  const lag = new PartitionLag({ clock, behind: (source, partition) => waiting.get(`${source} ${partition}`) });
  const times = new StageTimes({ clock, idle: () => 0 });
  const load = { lag, times, partitions: () => lag.all(), eventsPerSecond: () => 0 };
  const waiting = new Map<string, number>();
  const status = () =>
    board.status({
      load,
      config: { service: { name: "gatewatch@test" }, sources } as unknown as Config,
      normalizer: { coverage: () => coverage, formatOf: () => "kong" } as unknown as Normalizer,
      detect,
      store: new MemoryStore(),
      blocker: { status: () => ({ mode: "observe", stopped: false }) } as unknown as Blocker,
      places: { status: () => [{ file: "places.mmdb", builtAt: 1_780_000_000_000 }] },
    });
  /** A batch of `source` whose events ended so many milliseconds before now. */
  const saw = (
    source: string,
    of: { events?: readonly number[]; rejected?: number; partition?: number; waiting?: number },
  ) => {
    const { events = [], rejected = 0, partition = 0 } = of;
    const outcome = {
      events: events.map((ago) => anEvent({ time: clock.now() - ago })),
      rejected: Array.from({ length: rejected }),
    };
    const batch = aBatch([], { source, partition: `${source}:logs/${partition}` });
    load.lag.arrived(batch);
    board.saw(batch, outcome as unknown as BatchOutcome);
    load.lag.handled(batch, Math.max(...outcome.events.map(({ time }) => time)));
    load.lag.left(batch);
    waiting.set(`${source} ${batch.partition}`, of.waiting ?? 0);
  };
  return { clock, board, detect, status, saw };
}

describe("rates and lag", () => {
  test("of each source, and of all together", async () => {
    const { clock, status, saw } = aBoard();
    for (let i = 0; i < 10; i++) {
      saw("edge", { events: [5, 3, 2], rejected: 1, waiting: 8 });
      saw("push", { events: [1_000], waiting: 1 });
      await clock.advance(900);
    }
    expect(status()).toMatchObject({
      eventsPerSecond: 4,
      rejectedPerSecond: 1,
      lagMs: 1_900,
      sources: [
        { name: "edge", eventsPerSecond: 3, rejectedPerSecond: 1, lagMs: 902 },
        { name: "push", eventsPerSecond: 1, rejectedPerSecond: 0, lagMs: 1_900 },
      ],
    });
    expect(Object.keys(status().stages)).toEqual(stages);
  });

  test("a source is as far behind as its partition that is furthest", () => {
    const { status, saw } = aBoard();
    saw("edge", { events: [100], waiting: 7 });
    saw("edge", { events: [60_000], partition: 1, waiting: 9 });
    saw("edge", { events: [600_000], partition: 2 });
    expect(status().sources[0]).toMatchObject({
      lagMs: 60_000,
      partitions: [
        { name: "logs/0", lagMs: 100, records: 7 },
        { name: "logs/1", lagMs: 60_000, records: 9 },
        { name: "logs/2", lagMs: 0, records: 0 },
      ],
    });
  });

  test("nothing is said of it before the first event, and it is never negative", () => {
    const { status, saw } = aBoard();
    expect(status()).toMatchObject({ lagMs: undefined, watermark: undefined, eventsPerSecond: 0 });
    saw("edge", { events: [-500] });
    expect(status().lagMs).toBe(0);
  });
});

describe("a source", () => {
  test("is in trouble until it says otherwise, or something arrives", () => {
    const { board, status } = aBoard();
    const trouble = () => status().sources[0]!.trouble;
    board.source({ kind: "trouble", source: "edge", reason: "unreachable" });
    expect(trouble()).toBe("unreachable");
    expect([...board.troubles]).toEqual([["edge", "unreachable"]]);
    board.source({ kind: "trouble", source: "edge", reason: undefined });
    expect(trouble()).toBeUndefined();
    board.source({ kind: "trouble", source: "edge", reason: "unreachable" });
    board.source({ kind: "ended", source: "edge" });
    expect(trouble()).toBe("unreachable");
    board.source({ kind: "arrived", source: "edge" });
    expect(trouble()).toBeUndefined();
  });

  test("is silent until something arrives", () => {
    const { board, status } = aBoard();
    board.silence("edge", 60_000);
    expect(status().sources.map(({ silent }) => silent)).toEqual([true, false]);
    board.silence("edge", undefined);
    expect(status().sources.map(({ silent }) => silent)).toEqual([false, false]);
  });

  test("tells what share of its events has a field, over all its formats", () => {
    const of = (format: string, events: number, userId: number): FieldCoverage => ({
      source: "edge", format, events, certainClients: events / 2, withField: { userId, status: events },
    }); // prettier-ignore
    const { status } = aBoard([of("kong", 30, 30), of("nginx-json", 10, 0)]);
    expect(status().sources).toMatchObject([
      { coverage: { userId: 0.75, status: 1 }, certainClients: 0.5, format: "kong" },
      { coverage: {}, certainClients: undefined },
    ]);
    expect(status().sources[0]!.formats).toEqual([
      { format: "kong", events: 30, coverage: { userId: 1, status: 1 }, certainClients: 0.5 },
      { format: "nginx-json", events: 10, coverage: { userId: 0, status: 1 }, certainClients: 0.5 },
    ]);
  });
});

test("it is what the API promises", () => {
  const { status, saw } = aBoard();
  saw("edge", { events: [5], rejected: 2 });
  const now = status();
  expect(serviceStatus.parse(now)).toEqual(now);
  expect(now).toMatchObject({ service: "gatewatch@test", version, blocking: { mode: "observe", stopped: false } });
  expect(now.geo).toEqual([{ file: "places.mmdb", builtAt: 1_780_000_000_000 }]);
  expect(now.detectors.map(({ id, state }) => [id, state])).toContainEqual(["credential-stuffing", "waiting"]);
});
