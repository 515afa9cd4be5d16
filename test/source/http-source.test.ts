import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { HttpSource } from "../../src/source/http-source.ts";
import { type HttpSourceConfig, sourcesConfig } from "../../src/source/source-config.ts";
import { eventually } from "../support/eventually.ts";
import { RecordingIo } from "../support/recording-io.ts";

let dataDirectory: string;
const open: HttpSource[] = [];
beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "gatewatch-http-"));
});
afterEach(async () => {
  for (const source of open.splice(0)) await stopped(source);
  await rm(dataDirectory, { recursive: true, force: true });
});

async function start(io: RecordingIo, change: object = {}): Promise<HttpSource> {
  const given = { name: "push", type: "http", maxBodyBytes: "1KiB", spoolBytes: "8KiB", maxRecordBytes: "100B" };
  const config = sourcesConfig.parse([{ ...given, ...change }])[0] as HttpSourceConfig;
  const source = new HttpSource({
    config,
    dataDirectory,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics(),
  });
  open.push(source);
  await source.start(io);
  return source;
}

async function stopped(source: HttpSource): Promise<void> {
  await source.stop();
  await source.close();
}

const headers = (contentType?: string, contentEncoding?: string) => ({ contentType, contentEncoding });
const ndjson = headers("application/x-ndjson");
const long = "x".repeat(101);

describe("POST /v1/logs", () => {
  test.for<[string, ReturnType<typeof headers>, string | Buffer, object, string[]]>([
    ["CloudEvents in a batch", headers("application/cloudevents-batch+json; charset=utf-8"), '[{"a":1},{"b":2}]', { accepted: 2, rejected: 0 }, ['{"a":1}', '{"b":2}']],
    ["NDJSON", ndjson, '{"a":1}\n{"b":2}\n', { accepted: 2, rejected: 0 }, ['{"a":1}', '{"b":2}']],
    ["no last newline, Windows ends, blank lines", headers("text/plain; charset=utf-8"), "a\r\n\r\n\nb", { accepted: 2, rejected: 0 }, ["a", "b"]],
    ["no content type", headers(), "a\n", { accepted: 1, rejected: 0 }, ["a"]],
    ["a JSON array", headers("application/json"), ' [{"a": 1}, "10.0.0.1 - -", 7]', { accepted: 3, rejected: 0 }, ['{"a":1}', "10.0.0.1 - -", "7"]],
    ["a JSON object over many lines", headers("application/json"), '{\n  "a": 1\n}\n', { accepted: 1, rejected: 0 }, ['{"a":1}']],
    ["NDJSON called JSON", headers("application/json"), '{"a":1}\n{"a":2}', { accepted: 2, rejected: 0 }, ['{"a":1}', '{"a":2}']],
    ["gzip", headers("text/plain", "gzip"), gzipSync("a\nb\n"), { accepted: 2, rejected: 0 }, ["a", "b"]],
    ["lines over the bound", ndjson, `a\n${long}\nb\n${long}\n${long}`, { accepted: 2, rejected: 3, reasons: { too_long: 3 } }, ["a", "b"]],
    ["array elements over the bound or with line breaks", headers("application/json"), JSON.stringify([long, "a", "two\nlines", { long }]), { accepted: 1, rejected: 3, reasons: { too_long: 2, undecodable: 1 } }, ["a"]],
    ["bytes that are no UTF-8 arrive", headers("text/plain"), Buffer.from([0x61, 0xff, 0x0a]), { accepted: 1, rejected: 0 }, ["a\ufffd"]],
    ["nothing", ndjson, "", { accepted: 0, rejected: 0 }, []],
  ])("%s", async ([, given, body, answer, records]) => {
    const io = new RecordingIo();
    const source = await start(io);
    expect(await source.accept(Buffer.from(body), given)).toMatchObject({ status: 202, body: answer });
    await eventually("the records", () => io.records.length === records.length);
    expect(io.records).toEqual(records);
    expect(io.refused).toEqual([]);
  }); // prettier-ignore

  test("refuses what the disk refuses, and says so until it takes lines again", async () => {
    const io = new RecordingIo();
    const source = await start(io);
    const spool = join(dataDirectory, "spool", "push");
    const send = async () => (await source.accept(Buffer.from("a\n"), ndjson)).status;
    await rm(spool, { recursive: true });
    expect([await send(), await send()]).toEqual([429, 429]);
    expect(io.troubles).toEqual(["disk_refuses"]);
    await mkdir(spool);
    expect(await send()).toBe(202);
    expect(io.troubles).toEqual(["disk_refuses", undefined]);
  });

  test.for<[string, ReturnType<typeof headers>, string | Buffer, number]>([
    ["a body over the bound", ndjson, "x".repeat(1025), 413],
    ["a zip bomb", headers("text/plain", "gzip"), gzipSync("x".repeat(10_000)), 413],
    ["broken gzip", headers("text/plain", "gzip"), "not gzip", 400],
    ["another encoding", headers("text/plain", "br"), "a", 415],
    ["another content type", headers("application/xml"), "<a/>", 415],
    ["a broken JSON array", headers("application/json"), '[{"a":1},', 400],
  ])("refuses %s", async ([, given, body, status]) => {
    const io = new RecordingIo();
    const source = await start(io);
    const answer = await source.accept(Buffer.from(body), given);
    expect(answer).toMatchObject({ status, body: { accepted: 0, rejected: 0, error: expect.any(String) } });
    expect(io.batches).toEqual([]);
  });

  test("an element nested beyond the stack is rejected, the others are taken", async () => {
    const source = await start(new RecordingIo(), { maxBodyBytes: "1MiB", spoolBytes: "8MiB" });
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    const answer = await source.accept(Buffer.from(`["a",${deep},"b"]`), headers("application/json"));
    expect(answer.body).toMatchObject({ accepted: 2, rejected: 1 });
  });

  test("429 when it can't keep up, all or nothing, until what was handled is saved", async () => {
    const held = Promise.withResolvers<void>();
    const io = new RecordingIo({ handle: () => held.promise });
    const source = await start(io);
    const body = Buffer.from(`${"y".repeat(99)}\n`.repeat(10));
    for (let i = 0; i < 8; i++) expect((await source.accept(body, ndjson)).status).toBe(202);
    expect(await source.accept(body, ndjson)).toMatchObject({
      status: 429,
      body: { accepted: 0, rejected: 0, retryAfterSeconds: 5 },
    });
    held.resolve();
    await eventually("the records", () => io.records.length === 80);
    await source.saved(io.positions);
    expect((await source.accept(body, ndjson)).status).toBe(202);
  });

  test("429 before the start and after the stop", async () => {
    const source = await start(new RecordingIo());
    await source.stop();
    expect((await source.accept(Buffer.from("a\n"), ndjson)).status).toBe(429);
  });

  test("acknowledged lines survive a kill; what was handled and saved is not read again; offsets ascend", async () => {
    const first = new RecordingIo({
      handle: (batch) => (batch.records.includes("c") ? new Promise(() => undefined) : undefined),
    });
    const killed = await start(first);
    await killed.accept(Buffer.from("a\nb\n"), ndjson);
    await eventually("the first records", () => first.records.length === 2);
    await killed.accept(Buffer.from("c\nd\n"), ndjson);
    open.length = 0; // killed: neither stopped nor closed
    const second = new RecordingIo({ resumeAt: first.positions });
    await start(second);
    await eventually("the rest", () => second.records.length === 2);
    expect([first.records, second.records]).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect([...first.batches, ...second.batches].flatMap((batch) => batch.offsets)).toEqual([0, 2, 4, 6]);
    expect(second.assignedPartitions).toEqual(["push:spool"]);
  });
});
