import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import kafkajs from "kafkajs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { FileSource } from "../../src/source/file-source.ts";
import { HttpSource } from "../../src/source/http-source.ts";
import { KafkaSource } from "../../src/source/kafka-source.ts";
import type { RawBatch, Source } from "../../src/source/raw-batch.ts";
import {
  type FileSourceConfig,
  type HttpSourceConfig,
  type KafkaSourceConfig,
  type StdinSourceConfig,
  sourcesConfig,
} from "../../src/source/source-config.ts";
import { StdinSource } from "../../src/source/stdin-source.ts";
import { eventually } from "../support/eventually.ts";
import { garbageLines } from "../support/garbage.ts";
import { startKafka } from "../support/kafka-broker.ts";
import { RecordingIo } from "../support/recording-io.ts";

const count = 100_000;
const maxRecordBytes = 1024 ** 2;
/** What a source may need beside what the test holds itself; far less than the ten lines of 10 MB. */
const maxGrowthBytes = 80 * 1024 ** 2;

const common = { clock: systemClock, log: silentLog, metrics: createMetrics() };
const goodLine = (n: number) => `{"good":${n}}`;
const lines = () => garbageLines({ seed: 7, count, goodLine });
const config = <T>(given: object) => sourcesConfig.parse([{ name: "garbage", ...given }])[0] as T;

function* withLineEnds(): Generator<Buffer> {
  for (const line of lines()) yield Buffer.concat([line, Buffer.from("\n")]);
}

/** Counts what comes, and how far memory outside the heap grew meanwhile. */
class CountingIo extends RecordingIo {
  readonly seen = { records: 0, refused: 0, good: 0, inOrder: true, growth: 0 };
  readonly #before = process.memoryUsage().arrayBuffers;

  override handle(batch: RawBatch): Promise<void> {
    const seen = this.seen;
    this.positions.set(batch.partition, batch.next);
    seen.records += batch.records.length;
    seen.refused += batch.refused.length;
    for (const record of batch.records) {
      if (record === goodLine(seen.good)) seen.good++;
      else if (typeof record === "string" && record.startsWith('{"good":')) seen.inOrder = false;
    }
    for (const { reason, head } of batch.refused) {
      if (reason !== "too_long" || head.length > 300) throw new Error("a record was refused for a wrong reason");
    }
    seen.growth = Math.max(seen.growth, process.memoryUsage().arrayBuffers - this.#before);
    return Promise.resolve();
  }
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gatewatch-garbage-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function closed(source: Source): Promise<void> {
  await source.stop();
  await source.close();
}

/** What the lines are, counted without any source. */
function expected(): { records: number; refused: number; good: number; empty: number } {
  const all = { records: 0, refused: 0, good: 0, empty: 0 };
  for (const line of lines()) {
    if (line.length > maxRecordBytes) all.refused++;
    else all.records++;
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) all.empty++;
    if (line.toString().startsWith('{"good":')) all.good++;
  }
  return all;
}

describe("100,000 lines of garbage: each arrives or is refused with a reason", () => {
  const { empty, ...all } = expected();

  test("there is enough of everything", () => {
    expect(all.good).toBeGreaterThan(5_000);
    expect(all.refused).toBe(10);
    expect(empty).toBeGreaterThan(1_000);
  });

  test("file", async () => {
    const path = join(directory, "access.log");
    await pipeline(Readable.from(withLineEnds()), createWriteStream(path));
    const io = new CountingIo();
    const given = config<FileSourceConfig>({ type: "file", path, follow: false });
    const source = new FileSource({ ...common, config: given, directory });
    await source.start(io);
    await eventually("the end", () => io.endedPartitions.length === 1, 60_000);
    expect(io.seen).toMatchObject({ ...all, inOrder: true });
    expect(io.seen.growth).toBeLessThan(maxGrowthBytes);
    await closed(source);
  });

  test("standard input", async () => {
    const io = new CountingIo();
    const given = config<StdinSourceConfig>({ type: "stdin" });
    const source = new StdinSource({ ...common, config: given, stream: Readable.from(withLineEnds()) });
    await source.start(io);
    await eventually("the end", () => io.endedPartitions.length === 1, 60_000);
    expect(io.seen).toMatchObject({ ...all, inOrder: true });
    await closed(source);
  });

  test("HTTP", async () => {
    const io = new CountingIo();
    const given = config<HttpSourceConfig>({ type: "http" });
    const source = new HttpSource({ ...common, config: given, dataDirectory: directory });
    await source.start(io);
    const answered = { accepted: 0, rejected: 0 };
    const send = async (parts: Buffer[]) => {
      // As a client does: when there is no room, again a little later.
      const body = await eventually("room", async () => {
        const headers = { contentType: "application/x-ndjson", contentEncoding: undefined };
        const answer = await source.accept(Buffer.concat(parts), headers);
        if (answer.status === 429) await source.saved(io.positions);
        return answer.status === 202 && answer.body;
      });
      answered.accepted += body.accepted;
      answered.rejected += body.rejected;
    };
    let parts: Buffer[] = [];
    let size = 0;
    for (const line of withLineEnds()) {
      if (size + line.length > given.maxBodyBytes) {
        await send(parts);
        parts = [];
        size = 0;
      }
      parts.push(line);
      size += line.length;
    }
    await send(parts);
    expect(answered).toEqual({ accepted: all.records - empty, rejected: all.refused });
    await eventually("all records", () => io.seen.records === answered.accepted, 60_000);
    expect(io.seen).toMatchObject({ records: all.records - empty, refused: 0, good: all.good, inOrder: true });
    await closed(source);
  });

  test("Kafka", async ({ skip }) => {
    const { broker, unavailableReason } = await startKafka();
    skip(!broker, unavailableReason);
    if (!broker) return;
    try {
      await broker.createTopic("garbage", 1);
      const client = new kafkajs.Kafka({ brokers: broker.brokers, logLevel: kafkajs.logLevel.NOTHING });
      const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
      await producer.connect();
      let messages: kafkajs.Message[] = [];
      const send = async () => {
        if (messages.length > 0) await producer.send({ topic: "garbage", messages });
        messages = [];
      };
      for (const value of lines()) {
        if (value.length > maxRecordBytes) await send();
        messages.push({ value });
        if (value.length > maxRecordBytes || messages.length === 200) await send();
      }
      await send();
      await producer.disconnect();
      const io = new CountingIo();
      const type = { type: "kafka", brokers: broker.brokers, topic: "garbage", from: "earliest" };
      const source = new KafkaSource({ ...common, config: config<KafkaSourceConfig>(type) });
      await source.start(io);
      await eventually("all records", () => io.seen.records + io.seen.refused >= count, 90_000);
      expect(io.seen).toMatchObject({ ...all, inOrder: true });
      expect(io.seen.growth).toBeLessThan(maxGrowthBytes);
      await closed(source);
    } finally {
      await broker.stop();
    }
  });
});
