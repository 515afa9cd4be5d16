import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, beforeEach, describe, expect, type TestContext, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { KafkaSource } from "../../src/source/kafka-source.ts";
import type { Position } from "../../src/source/raw-batch.ts";
import { type KafkaSourceConfig, sourcesConfig } from "../../src/source/source-config.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type KafkaBroker, saslUser, startKafka } from "../support/kafka-broker.ts";
import { connectProducer } from "../support/kafka-producer.ts";
import { codecs, kcatMissing, produce } from "../support/kcat.ts";
import { otlpProtobuf } from "../support/otlp.ts";
import { RecordingIo } from "../support/recording-io.ts";

let broker: KafkaBroker;
let missing: string | undefined;
const open: KafkaSource[] = [];

beforeAll(async () => {
  const started = await startKafka();
  missing = started.unavailableReason ?? kcatMissing();
  if (started.broker) broker = started.broker;
});

afterAll(async () => {
  for (const source of open) await source.close();
  await broker?.stop();
});

beforeEach((context: TestContext) => context.skip(missing !== undefined, missing));

/** A topic of its own, and a configuration to read it from the start. */
async function topicOf(partitions: number, change: object = {}): Promise<KafkaSourceConfig> {
  const topic = `logs-${randomUUID()}`;
  await broker.createTopic(topic, partitions);
  const given = {
    name: "edge",
    type: "kafka",
    brokers: broker.brokers,
    topic,
    group: topic,
    from: "earliest",
    ...change,
  };
  return sourcesConfig.parse([given])[0] as KafkaSourceConfig;
}

async function read(config: KafkaSourceConfig, io: RecordingIo): Promise<KafkaSource> {
  const source = new KafkaSource({ config, clock: systemClock, log: silentLog, metrics: createMetrics() });
  open.push(source);
  await source.start(io);
  return source;
}

async function closed(source: KafkaSource): Promise<void> {
  await source.stop();
  await source.close();
}

const lines = (from: number, count: number) => Array.from({ length: count }, (_, i) => `line ${from + i}`);
const first = (config: KafkaSourceConfig) => `edge:${config.topic}/0`;

describe("KafkaSource", () => {
  test("hands over text of gzipped values, and OTLP protobuf byte for byte", async () => {
    const config = await topicOf(1, { maxRecordBytes: "10KiB" });
    const otlp = Buffer.from(
      otlpProtobuf({ resource: { a: "\u00ff" }, logs: [{ body: "line\n", attributes: { n: 7 } }] }),
    );
    const lines = '{"a":1}\n{"b":2}\n';
    const bomb = gzipSync(Buffer.alloc(1024 ** 2));
    const producer = await connectProducer(broker.brokers, config.topic);
    await producer.send([otlp, gzipSync(otlp), gzipSync(lines), lines, bomb, gzipSync(lines).subarray(0, -9), "last"]);
    await producer.close();
    const io = new RecordingIo();
    const source = await read(config, io);
    await eventually("the last record", () => io.records.at(-1) === "last");
    expect(io.records).toEqual([otlp, otlp, lines, lines, "last"]);
    expect(io.refused).toEqual([
      { offset: 4, reason: "too_long", head: "" },
      { offset: 5, reason: "undecodable", head: "" },
    ]);
    await closed(source);
  });

  test.for(codecs)("reads what librdkafka compresses with %s", async (codec) => {
    const config = await topicOf(1);
    const sent = lines(0, 5_000);
    await produce({ broker: broker.brokers[0]!, topic: config.topic, codec, lines: sent });
    const io = new RecordingIo();
    const source = await read(config, io);
    await eventually("all records", () => io.records.length >= sent.length);
    expect(io.records).toEqual(sent);
    expect(io.batches.flatMap((batch) => batch.offsets)).toEqual(sent.map((_, i) => i));
    expect(Math.max(...io.batches.map((batch) => batch.records.length))).toBeLessThanOrEqual(2_000);
    expect(Date.now() - (io.batches[0]?.timestamps?.[0] ?? 0)).toBeLessThan(60_000);
    expect(io.refused).toEqual([]);
    expect(io.positions.get(first(config))).toBe("5000");
    await closed(source);
  });

  test("reads again what was handled but not saved, and not what was", async () => {
    const config = await topicOf(1);
    await produce({ broker: broker.brokers[0]!, topic: config.topic, lines: lines(0, 10) });
    const before = new RecordingIo();
    const one = await read(config, before);
    await eventually("the first records", () => before.records.length === 10);
    await one.saved(new Map([[first(config), "4"]]));
    await one.close(); // as if killed: nothing more is saved
    const after = new RecordingIo();
    const two = await read(config, after);
    await eventually("the records after the commit", () => after.records.length >= 6);
    expect(after.records).toEqual(lines(4, 6));
    await closed(two);
  });

  test.for<[string, string]>([
    ["older than the commit", "2"],
    ["newer than the commit", "9"],
  ])("our own position wins when it is %s", async ([, position]) => {
    const config = await topicOf(1);
    await produce({ broker: broker.brokers[0]!, topic: config.topic, lines: lines(0, 12) });
    const one = await read(config, new RecordingIo());
    await one.stop();
    await one.saved(new Map([[first(config), "5"]])); // between stop and close, as at a shutdown
    await one.close();
    const io = new RecordingIo({ resumeAt: new Map([[first(config), position]]) });
    const two = await read(config, io);
    await eventually("the last record", () => io.records.includes("line 11"));
    expect(io.records).toEqual(lines(Number(position), 12 - Number(position)));
    await closed(two);
  });

  test("from latest: starts at the end, once; what comes while it is away is read later", async () => {
    const config = await topicOf(1, { from: "latest" });
    await produce({ broker: broker.brokers[0]!, topic: config.topic, lines: ["old"] });
    const before = new RecordingIo();
    await closed(await read(config, before));
    await produce({ broker: broker.brokers[0]!, topic: config.topic, lines: ["while away"] });
    const after = new RecordingIo();
    const two = await read(config, after);
    await eventually("a record", () => after.records.length > 0);
    expect([before.records, after.records]).toEqual([[], ["while away"]]);
    await closed(two);
  });

  test("reads two partitions, each in order; one can be paused", async () => {
    const config = await topicOf(2);
    const io = new RecordingIo();
    const source = await read(config, io);
    const [zero, one] = [first(config), `edge:${config.topic}/1`];
    expect(io.assignedPartitions.toSorted()).toEqual([zero, one]);
    source.pause(one);
    for (const partition of [0, 1]) {
      await produce({ broker: broker.brokers[0]!, topic: config.topic, partition, lines: lines(partition * 100, 50) });
    }
    await eventually("partition 0", () => io.recordsOf(zero).length === 50);
    expect(io.recordsOf(one)).toEqual([]);
    source.resume(one);
    await eventually("partition 1", () => io.recordsOf(one).length === 50);
    expect(io.recordsOf(zero)).toEqual(lines(0, 50));
    expect(io.recordsOf(one)).toEqual(lines(100, 50));
    await closed(source);
  });

  test("a second member takes over half, and all when the first leaves; nothing is lost", async () => {
    const config = await topicOf(2);
    const saved = new Map<string, Position>();
    const ios = [new RecordingIo(), new RecordingIo()];
    const sources = [await read(config, ios[0]!)];
    sources.push(await read(config, ios[1]!));
    await eventually("one partition each", () => ios[1]!.assignedPartitions.length === 1);
    expect(ios[0]!.revokedPartitions).toHaveLength(2);
    for (const partition of [0, 1]) {
      await produce({ broker: broker.brokers[0]!, topic: config.topic, partition, lines: lines(partition * 100, 20) });
    }
    const all = () => [...ios[0]!.records, ...ios[1]!.records];
    await eventually("all records", () => all().length >= 40);
    expect(new Set(all()).size).toBe(40);
    for (const [i, io] of ios.entries()) await sources[i]!.saved(new Map([...io.positions, ...saved]));
    await closed(sources[0]!);
    await eventually("both partitions", () => new Set(ios[1]!.assignedPartitions).size === 2);
    for (const partition of [0, 1]) {
      await produce({ broker: broker.brokers[0]!, topic: config.topic, partition, lines: [`after ${partition}`] });
    }
    await eventually(
      "the new records",
      () => ios[1]!.records.filter((line) => String(line).startsWith("after")).length === 2,
    );
    expect(new Set(all()).size).toBe(42);
    await closed(sources[1]!);
  });

  test("signs in with SASL/PLAIN; a wrong password is trouble, not an end", async () => {
    const sasl = { mechanism: "plain", ...saslUser };
    const config = await topicOf(1, { brokers: broker.saslBrokers, sasl });
    await produce({ broker: broker.brokers[0]!, topic: config.topic, lines: ["hello"] });
    const io = new RecordingIo();
    const source = await read(config, io);
    await eventually("the record", () => io.records.length === 1);
    await closed(source);
    const refused = new RecordingIo();
    const wrong = await read({ ...config, sasl: { ...config.sasl!, password: "wrong" } }, refused);
    expect(refused.troubles[0]).toBe("authentication_failed");
    await closed(wrong);
  });

  test("a missing topic is trouble until it is there", async () => {
    const config = await topicOf(1);
    const topic = `late-${randomUUID()}`;
    const io = new RecordingIo();
    const source = await read({ ...config, topic }, io);
    await eventually("trouble", () => io.troubles[0] === "topic_missing");
    await broker.createTopic(topic, 1);
    await produce({ broker: broker.brokers[0]!, topic, lines: ["there"] });
    await eventually("the record", () => io.records.includes("there"));
    expect(io.troubles.at(-1)).toBeUndefined();
    await closed(source);
  });

  test("refuses a record over the bound; a tombstone is an empty record", async () => {
    const config = await topicOf(1, { maxRecordBytes: "100B" });
    const client = new kafkajs.Kafka({ brokers: broker.brokers, logLevel: kafkajs.logLevel.NOTHING });
    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const messages = ["a", null, "x".repeat(101), "b"].map((value) => ({ value, partition: 0 }));
    await producer.send({ topic: config.topic, messages, compression: kafkajs.CompressionTypes.GZIP });
    await producer.disconnect();
    const io = new RecordingIo();
    const source = await read(config, io);
    await eventually("all records", () => io.records.length === 3);
    expect(io.records).toEqual(["a", "", "b"]);
    expect(io.refused).toEqual([{ offset: 2, reason: "too_long", head: "x".repeat(101) }]);
    await closed(source);
  });

  test("stops within seconds while it tries to reach a broker that is away", async () => {
    const config = await topicOf(1, { brokers: [`127.0.0.1:${await freePort()}`] });
    const io = new RecordingIo();
    const source = new KafkaSource({ config, clock: systemClock, log: silentLog, metrics: createMetrics() });
    const starting = source.start(io);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = performance.now();
    await closed(source);
    expect(performance.now() - before).toBeLessThan(4_000);
    await starting;
    expect(io.batches).toEqual([]);
  });

  test("a broker that is away at the start, or goes away, is trouble; reading goes on when it is back", async () => {
    const config = await topicOf(1);
    const io = new RecordingIo();
    const source = await read(config, io);
    await produce({ broker: broker.brokers[0]!, topic: config.topic, lines: lines(0, 5) });
    await eventually("the first records", () => io.records.length === 5);
    await broker.kill();
    await eventually("trouble", () => io.troubles.includes("broker_unreachable"));
    const late = new RecordingIo();
    const other = await read({ ...config, group: randomUUID() }, late);
    await eventually("trouble at the start", () => late.troubles.includes("broker_unreachable"));
    await broker.restart();
    await produce({ broker: broker.brokers[0]!, topic: config.topic, lines: lines(5, 5) });
    await eventually("the new records", () => io.records.includes("line 9"), 60_000);
    await eventually("the late reader's records", () => late.records.length === 10, 60_000);
    expect(new Set(io.records)).toEqual(new Set(lines(0, 10)));
    expect(late.records).toEqual(lines(0, 10));
    expect([io.troubles.at(-1), late.troubles.at(-1)]).toEqual([undefined, undefined]);
    await closed(source);
    await closed(other);
  });
});
