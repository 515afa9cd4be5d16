import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { silentLog } from "../../src/log.ts";
import type { Position } from "../../src/source/raw-batch.ts";
import { type StdinSourceConfig, sourcesConfig } from "../../src/source/source-config.ts";
import { StdinSource } from "../../src/source/stdin-source.ts";
import { eventually } from "../support/eventually.ts";
import { RecordingIo } from "../support/recording-io.ts";
import { TestClock } from "../support/test-clock.ts";

const config = sourcesConfig.parse([{ name: "in", type: "stdin", maxRecordBytes: "100B" }])[0] as StdinSourceConfig;

async function start(stream: Readable, resumeAt?: Position) {
  const io = new RecordingIo({ resumeAt: new Map(resumeAt === undefined ? [] : [["in:stdin", resumeAt]]) });
  const source = new StdinSource({ config, stream, clock: new TestClock(), log: silentLog });
  await source.start(io);
  return { io, source };
}

const ended = (io: RecordingIo) => eventually("the end", () => io.endedPartitions.includes("in:stdin"));
const chunks = (bytes: Buffer, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
  );

test.for<[string, Buffer, number]>([
  ["plain", Buffer.from("one\ntwo\nthree"), 5],
  ["gzip", gzipSync("one\ntwo\nthree"), 64],
  ["gzip, byte by byte", gzipSync("one\ntwo\nthree"), 1],
])("reads to the end: %s", async ([, bytes, size]) => {
  const { io } = await start(chunks(bytes, size));
  await ended(io);
  expect(io.records).toEqual(["one", "two", "three"]);
  expect(io.batches.flatMap((batch) => batch.offsets)).toEqual([0, 4, 8]);
});

test("nothing at all ends, too", async () => {
  const { io } = await start(Readable.from([]));
  await ended(io);
  expect(io.batches).toEqual([]);
});

test("offsets go on over runs", async () => {
  const { io } = await start(chunks(Buffer.from("a\n"), 9), 50);
  await ended(io);
  expect([io.batches[0]?.offsets, io.batches[0]?.next]).toEqual([[50], 52]);
});

test("broken gzip: what could be read, then refused", async () => {
  const whole = gzipSync("one\ntwo\n");
  whole.writeUInt8(whole.readUInt8(whole.length - 6) ^ 0xff, whole.length - 6); // the checksum
  const { io } = await start(chunks(whole, 1_000));
  await ended(io);
  expect(io.refused.map(({ reason }) => reason)).toEqual(["undecodable"]);
});

test("stops while it waits for more, and hands over nothing after", async () => {
  const stream = new PassThrough();
  const { io, source } = await start(stream);
  stream.write("one\nunfinished");
  await eventually("the line", () => io.records.length === 1);
  await source.stop();
  expect([io.records, io.endedPartitions]).toEqual([["one"], []]);
});

test("pauses and resumes", async () => {
  const stream = new PassThrough();
  const { io, source } = await start(stream);
  source.pause();
  stream.end("one\n");
  await new Promise((resolve) => setImmediate(resolve));
  expect(io.records).toEqual([]);
  source.resume();
  await ended(io);
  expect(io.records).toEqual(["one"]);
});
