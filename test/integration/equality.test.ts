import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { unleash } from "../support/equality/chaos.ts";
import { actedWrongly, decidedByOne, differences, toldDifference } from "../support/equality/compare.ts";
import type { Figures } from "../support/equality/figures.ts";
import { runAsRoles, runFromFile } from "../support/equality/runs.ts";
import { produceStream, type RecordedStream, recordStream } from "../support/equality/stream.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

// A short version of `npm run equality`: the roles, with some of them killed and paused, find what one
// process finds in a file, and count every line once.

const partitions = 4;

describe("one log, read by one process and by several", { timeout: 300_000 }, () => {
  const { directory, remove } = makeTemporaryDirectory();
  let noKafka: string | undefined;
  let kafka: KafkaBroker;
  let server: ClickHouseHttp;
  let stream: RecordedStream;
  let expected: Figures;
  let found: Figures;

  beforeAll(async () => {
    const started = await startKafka();
    noKafka = started.unavailableReason;
    if (!started.broker) return;
    kafka = started.broker;
    server = await ClickHouseHttp.start(`${directory}/clickhouse`);
    stream = await recordStream({ directory, events: 12_000, minutes: 40 });
    const base = { directory, stream, server, log: () => {} };
    expected = await runFromFile({ ...base, name: "file" });
    await kafka.createTopic("logs", partitions);
    found = await runAsRoles({ ...base, name: "roles", kafka, topic: "logs", partitions }, async (processes) => {
      const producing = produceStream(stream, { brokers: kafka.brokers, topic: "logs", partitions, rate: 1_500 });
      await unleash(processes, { faults: 3, calmMs: 500, seed: 3, kafka, brokerRestarts: 0, log: () => {} });
      await producing;
    });
  }, 300_000);
  beforeEach(({ skip }) => skip(noKafka !== undefined, noKafka));
  afterAll(async () => {
    await server?.stop();
    await kafka?.stop();
    remove();
  });

  test("every request is counted once", () => {
    expect(expected.counted).toBe(stream.requests + 1);
    expect(found.counted).toBe(stream.requests + partitions);
  });

  test("the same is found, with the same ids, times, figures and evidence", () => {
    expect(expected.sealed.size).toBeGreaterThan(20);
    expect(differences(expected, found)).toEqual([]);
    expect(toldDifference(expected, found)).toBeLessThanOrEqual(0.005);
  });

  test("each is acted upon once, and the same targets are decided on", () => {
    expect(actedWrongly(found)).toEqual([]);
    expect(decidedByOne(expected, found)).toEqual([]);
  });
});
