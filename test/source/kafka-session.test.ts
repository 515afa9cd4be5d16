import type { EachBatchPayload, Kafka } from "kafkajs";
import { expect, test } from "vitest";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { KafkaSession } from "../../src/source/kafka-session.ts";
import { kafkaSourceMetrics } from "../../src/source/kafka-source-metrics.ts";
import type { RawBatch, SourceIo } from "../../src/source/raw-batch.ts";
import type { KafkaSourceConfig } from "../../src/source/source-config.ts";
import { TestClock } from "../support/test-clock.ts";

test("what was handled is not handled again when the group could not be told meanwhile that we live", async () => {
  const scene = await aSession();
  scene.heartbeat = () => Promise.reject(new Error("Connection error: connect ECONNREFUSED"));
  const first = scene.batch(["a", "b"], 10);
  await scene.clock.advance(2_000);
  scene.handled();
  // The fetch fails, and kafkajs tries again: without joining anew it fetches what was not resolved.
  await expect(first).rejects.toThrow("ECONNREFUSED");
  expect(scene.resolved).toEqual(["11"]);
  scene.heartbeat = () => Promise.resolve();
  const second = scene.batch(["a", "b", "c"], 10);
  await scene.clock.advance(0);
  scene.handled();
  await second;
  expect(scene.seen).toEqual([["a", "b"], ["c"]]);
});

// helpers

/** A session with one partition, and a consumer that does nothing by itself. */
async function aSession() {
  const clock = new TestClock();
  const listeners = new Map<string, (event: { payload: object }) => void>();
  const seen: string[][] = [];
  const resolved: string[] = [];
  const run = Promise.withResolvers<(payload: EachBatchPayload) => Promise<void>>();
  let handled = Promise.withResolvers<void>();
  const consumer = {
    events: {
      GROUP_JOIN: "join",
      REBALANCING: "rebalancing",
      CRASH: "crash",
      HEARTBEAT: "heartbeat",
      REQUEST: "request",
    },
    on: (name: string, listener: (event: { payload: object }) => void) => void listeners.set(name, listener),
    connect: async () => {},
    disconnect: async () => {},
    subscribe: async () => {},
    pause() {},
    resume() {},
    seek() {},
    run: async (of: { eachBatch: (payload: EachBatchPayload) => Promise<void> }) => run.resolve(of.eachBatch),
  };
  const admin = {
    ...{ connect: async () => {}, disconnect: async () => {} },
    fetchTopicOffsets: async () => [{ partition: 0, low: "0", high: "20" }],
    fetchOffsets: async () => [{ partitions: [{ partition: 0, offset: "10" }] }],
  };
  const io: Partial<SourceIo> = {
    assigned() {},
    resumeAt: () => undefined,
    async handle({ records }: RawBatch) {
      seen.push(records.map((record) => Buffer.from(record as Uint8Array).toString()));
      await handled.promise;
    },
  };
  const ready = Promise.withResolvers<void>();
  const session = new KafkaSession({
    config: { name: "edge", topic: "logs", group: "g", from: "earliest", maxRecordBytes: 1_000 } as KafkaSourceConfig,
    client: { consumer: () => consumer, admin: () => admin } as unknown as Kafka,
    ...{
      io: io as SourceIo,
      clock,
      log: silentLog,
      metrics: kafkaSourceMetrics(createMetrics(), "edge"),
      payload: "bytes",
    },
    ...{ paused: new Set<number>(), membership: undefined, onReady: () => ready.resolve() },
  });
  void session.run();
  const eachBatch = await run.promise;
  listeners.get("join")!({ payload: { memberAssignment: { logs: [0] } } });
  await ready.promise;
  const scene = {
    ...{ clock, seen, resolved },
    heartbeat: (): Promise<void> => Promise.resolve(),
    /** What is being handled is done. */
    handled() {
      handled.resolve();
      handled = Promise.withResolvers<void>();
    },
    batch(values: readonly string[], first: number): Promise<void> {
      const messages = values.map((value, i) => ({
        value: Buffer.from(value),
        offset: `${first + i}`,
        timestamp: "0",
      }));
      const batch = {
        topic: "logs",
        partition: 0,
        highWatermark: "20",
        messages,
        lastOffset: () => `${first + values.length - 1}`,
      };
      const payload = {
        ...{ batch, isRunning: () => true, isStale: () => false },
        heartbeat: () => scene.heartbeat(),
        resolveOffset: (offset: string) => void resolved.push(offset),
      };
      return eachBatch(payload as unknown as EachBatchPayload);
    },
  };
  return scene;
}
