import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { HttpSource } from "../../src/source/http-source.ts";
import { countOtlpProtobuf } from "../../src/source/otlp-request.ts";
import { maxEntries } from "../../src/source/raw-batch.ts";
import { type HttpSourceConfig, sourcesConfig } from "../../src/source/source-config.ts";
import { lineOfBytes, longestLine, recordOfLine } from "../../src/source/spooled-line.ts";
import { eventually } from "../support/eventually.ts";
import { otlpJson, otlpProtobuf } from "../support/otlp.ts";
import { RecordingIo } from "../support/recording-io.ts";

let dataDirectory: string;
const open: HttpSource[] = [];
beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "gatewatch-otlp-"));
});
afterEach(async () => {
  for (const source of open.splice(0)) await stopped(source);
  await rm(dataDirectory, { recursive: true, force: true });
});

async function start(io: RecordingIo, change: object = {}): Promise<HttpSource> {
  const given = { name: "push", type: "http", maxBodyBytes: "1MiB", spoolBytes: "8MiB", maxRecordBytes: "100B" };
  const config = sourcesConfig.parse([{ ...given, ...change }])[0] as HttpSourceConfig;
  const parts = { clock: systemClock, log: silentLog, metrics: createMetrics() };
  const source = new HttpSource({ config, dataDirectory, ...parts });
  open.push(source);
  await source.start(io);
  return source;
}

async function stopped(source: HttpSource): Promise<void> {
  await source.stop();
  await source.close();
}

const protobuf = { contentType: "application/x-protobuf", contentEncoding: undefined };
const json = { contentType: "application/json; charset=utf-8", contentEncoding: undefined };
const logs = (count: number) => ({
  resource: { "service.name": "edge" },
  logs: Array.from({ length: count }, (_, i) => ({ attributes: { path: `/${i}\n`, ["x".repeat(120)]: "\u00ff" } })),
});

describe("OTLP over HTTP", () => {
  test("protobuf arrives byte for byte, also over a restart, and is answered in protobuf", async () => {
    const first = new RecordingIo();
    const before = await start(first);
    const body = Buffer.from(otlpProtobuf(logs(3)));
    const answer = await before.accept(body, protobuf);
    expect(answer).toMatchObject({ status: 200, body: { accepted: 3, rejected: 0 } });
    expect(answer.otlp).toEqual({ contentType: "application/x-protobuf", content: Buffer.alloc(0) });
    await eventually("the record", () => first.records.length === 1);
    expect(first.records).toEqual([body]);
    await before.accept(gzipSync(body), { ...protobuf, contentEncoding: "gzip" });
    await stopped(before);
    const second = new RecordingIo();
    await start(second);
    await eventually("both records", () => second.records.length === 2);
    expect(second.records).toEqual([body, body]);
  });

  test("JSON stays one record, though it is longer than a line may be", async () => {
    const io = new RecordingIo();
    const source = await start(io);
    const body = otlpJson(logs(5), logs(2));
    const answer = await source.accept(Buffer.from(JSON.stringify(JSON.parse(body), undefined, 2)), json);
    expect(answer).toMatchObject({ status: 200, body: { accepted: 7, rejected: 0 } });
    expect([answer.otlp?.contentType, String(answer.otlp?.content)]).toEqual(["application/json", "{}"]);
    await eventually("the record", () => io.records.length === 1);
    expect(io.records).toEqual([body]);
  });

  test("a request without log records is fine, and leaves nothing", async () => {
    const source = await start(new RecordingIo());
    expect((await source.accept(Buffer.alloc(0), protobuf)).status).toBe(200);
    expect((await source.accept(Buffer.from('{"resourceLogs":[]}'), json)).status).toBe(200);
  });

  test("more log records than a record may have are refused in part, with their number", async () => {
    const source = await start(new RecordingIo());
    const many = { resource: {}, logs: Array.from({ length: maxEntries + 7 }, () => ({ attributes: {} })) };
    const inProtobuf = await source.accept(Buffer.from(otlpProtobuf(many)), protobuf);
    expect(inProtobuf.body).toEqual({ accepted: maxEntries, rejected: 7, reasons: { too_long: 7 } });
    const reader = new BinaryReader(inProtobuf.otlp?.content ?? Buffer.alloc(0));
    expect(reader.tag()).toEqual([1, 2]);
    reader.uint32();
    expect([reader.tag(), String(reader.int64())]).toEqual([[1, 0], "7"]);
    expect([reader.tag(), reader.string()]).toEqual([[2, 2], expect.stringContaining("smaller")]);
    const inJson = await source.accept(Buffer.from(otlpJson(many)), json);
    expect(JSON.parse(String(inJson.otlp?.content))).toMatchObject({ partialSuccess: { rejectedLogRecords: "7" } });
  });

  test("what can't be read is refused for good, what finds no room is to be sent again", async () => {
    const source = await start(new RecordingIo(), { maxBodyBytes: "1KiB", spoolBytes: "4KiB" });
    const body = Buffer.from(otlpProtobuf(logs(3)));
    const statusOf = async (bytes: Buffer) => {
      const { status, otlp } = await source.accept(bytes, protobuf);
      const reader = new BinaryReader(otlp?.content ?? Buffer.alloc(0));
      return [status, status === 200 ? "" : reader.tag() && reader.string()];
    };
    expect(await statusOf(body.subarray(0, -1))).toEqual([400, expect.stringContaining("ExportLogsServiceRequest")]);
    expect(await statusOf(Buffer.from("GET / HTTP/1.1"))).toMatchObject([400, expect.any(String)]);
    expect(await statusOf(Buffer.from(otlpProtobuf(logs(10))))).toEqual([413, expect.stringContaining("larger")]);
    let last: unknown[] = [200];
    for (let i = 0; i < 20 && last[0] === 200; i++) last = await statusOf(body);
    expect(last).toEqual([429, expect.stringContaining("wait")]);
  });

  test("Cloudflare's try of its destination is taken, gzip seen without a header", async () => {
    const io = new RecordingIo();
    const source = await start(io);
    for (const contentType of ["text/plain", "application/gzip", undefined]) {
      const answer = await source.accept(gzipSync('{"content":"tests"}'), { contentType, contentEncoding: undefined });
      expect(answer).toEqual({ status: 202, body: { accepted: 1, rejected: 0, reasons: {} } });
    }
    await eventually("the records", () => io.records.length === 3);
    expect(new Set(io.records)).toEqual(new Set(['{"content":"tests"}']));
  });
});

test("bytes as a line are the same bytes again; text is left alone", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
      const line = lineOfBytes(Buffer.from(bytes));
      expect(line.indexOf(0x0a)).toBe(line.length - 1);
      expect(line.length).toBeLessThanOrEqual(longestLine(bytes.length));
      expect(recordOfLine(line.subarray(0, -1).toString("utf8"))).toEqual(Buffer.from(bytes));
    }),
  );
  expect(recordOfLine('{"a":1}')).toBe('{"a":1}');
});

test("a request that is cut off anywhere is none, or one with fewer resources", () => {
  const whole = Buffer.from(otlpProtobuf(logs(2), logs(3)));
  const half = otlpProtobuf(logs(2)).length;
  const counts = Array.from({ length: whole.length }, (_, length) => countOtlpProtobuf(whole.subarray(0, length)));
  expect([...counts.entries()].filter(([, count]) => count !== undefined)).toEqual([[0, 0], [half, 2]]);
  expect(countOtlpProtobuf(whole)).toBe(5);
}); // prettier-ignore
