import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { garbageLines } from "../support/garbage.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { startKafka } from "../support/kafka-broker.ts";
import { connectProducer } from "../support/kafka-producer.ts";
import { nginxLine } from "../support/nginx-lines.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const count = 100_000;
/** A record longer than this is refused; ten of the lines have 10 MB. */
const maxRecordBytes = 1024 ** 2;
/** What the service may hold at most while it reads all that: what it holds anyway with all detectors, and a few bodies. */
const maxRssMiB = 1024;
const began = Date.now() - 30 * 60_000;

/** One second after another, so that each good line is a row of its own. */
const goodLine = (n: number) => nginxLine({ time: began + n * 100, client: `198.51.100.${n % 250}` });
const pair = Buffer.from("[1,2]");
const lines = () => garbageLines({ seed: 7, count, goodLine });
const expected = countLines();

describe(`${count} lines of garbage, of which ${expected.good} are good, through the whole service`, () => {
  const { directory, remove } = makeTemporaryDirectory();
  let gatewatch: GatewatchProcess | undefined;

  beforeAll(() => mkdirSync(directory, { recursive: true }));
  afterAll(async () => {
    await gatewatch?.kill();
    remove();
  });

  /** Runs the service with one source, and counts what became of the lines. */
  const through = async (run: {
    name: string;
    source: object;
    lines?: number;
    feed: (gatewatch: GatewatchProcess) => Promise<void>;
  }) => {
    const { name, source, feed } = run;
    const home = join(directory, name);
    gatewatch = await startGatewatch({
      directory: home,
      config: {
        service: { dataDirectory: "./data" },
        sources: [{ name, format: "nginx-json", maxRecordBytes: "1MiB", silentAfter: "never", ...source }],
        store: { type: "embedded", retention: { accessEvents: "1d" } },
        detect: { clients: 4096 },
      },
    });
    await feed(gatewatch);
    const running = gatewatch;
    const metric = (name: string, labels = {}) => running.metric(name, labels);
    const seen = async () => ({
      events: await metric("gatewatch_normalize_events_total"),
      rejected: await metric("gatewatch_normalize_rejected_total"),
      tooLong:
        (await metric("gatewatch_normalize_rejected_total", { reason: "too_long" })) +
        (await metric("gatewatch_source_http_rejected_records_total", { reason: "too_long" })),
    });
    const wanted = (run.lines ?? count) + expected.pairs;
    await eventually("every line to be counted", async () => {
      const { events, rejected } = await seen();
      return events + rejected >= wanted;
    }, 60_000); // prettier-ignore
    const counted = await seen();
    const rss = running.peakRssMiB();
    process.stdout.write(`garbage through ${name}: peak RSS ${rss.toFixed(0)} MiB\n`);
    expect(rss).toBeLessThan(maxRssMiB);
    expect(gatewatch.log()).not.toMatch(/"level":(50|60)/);
    expect(await gatewatch.stop()).toBe(0);
    // Some of the garbage has all that an access record needs. Each entry is counted, and each rejected one is a row.
    expect(counted.events + counted.rejected).toBe(wanted);
    const stored = await storedIn(join(home, "data"));
    expect(stored).toEqual({ good: expected.good, rejected: counted.rejected });
    return counted.tooLong;
  };

  /** The lines that got through, and the rows about those that did not. */
  const storedIn = async (dataDirectory: string) => {
    const store = await openTestStore(dataDirectory);
    const [rejected] = await store.query<{ n: number }>("SELECT count() AS n FROM rejected_records FINAL");
    const [good] = await store.query<{ n: number }>("SELECT uniqExact(requestId) AS n FROM access_events FINAL WHERE clientIp LIKE '198.51.100.%'"); // prettier-ignore
    await store.close();
    return { rejected: Number(rejected?.n), good: Number(good?.n) };
  };

  test("a file", async () => {
    const path = join(directory, "access.log");
    await pipeline(Readable.from(withLineEnds()), createWriteStream(path));
    const source = { type: "file", path, from: "start" };
    const tooLong = await through({ name: "file", source, feed: async () => {} });
    expect(tooLong).toBe(expected.tooLong);
  });

  test("standard input", async () => {
    const tooLong = await through({
      name: "stdin",
      source: { type: "stdin" },
      // Left open: the service would end by itself.
      feed: (gatewatch) => pipeline(Readable.from(withLineEnds()), keepOpen(gatewatch.stdin)),
    });
    expect(tooLong).toBe(expected.tooLong);
  });

  test("HTTP, every other body as gzip", async () => {
    const answered = { accepted: 0, rejected: 0 };
    const tooLong = await through({
      name: "http",
      source: { type: "http" },
      // What is too long is refused in the answer, and an empty line is none.
      lines: count - expected.tooLong - expected.empty,
      async feed(gatewatch) {
        let n = 0;
        for (const body of bodies()) {
          const answer = await send(gatewatch, body, n++ % 2 === 0 ? undefined : "gzip");
          answered.accepted += answer.accepted;
          answered.rejected += answer.rejected;
        }
      },
    });
    expect(answered).toEqual({ accepted: count - expected.tooLong - expected.empty, rejected: expected.tooLong });
    expect(tooLong).toBe(expected.tooLong);
  });

  test("Kafka", async ({ skip }) => {
    const { broker, unavailableReason } = await startKafka();
    skip(!broker, unavailableReason);
    if (!broker) return;
    try {
      await broker.createTopic("garbage", 1);
      const tooLong = await through({
        name: "kafka",
        source: { type: "kafka", brokers: broker.brokers, topic: "garbage", from: "earliest" },
        async feed() {
          const producer = await connectProducer(broker.brokers, "garbage");
          let batch: Buffer[] = [];
          const flush = async () => {
            if (batch.length > 0) await producer.send(batch);
            batch = [];
          };
          for (const line of lines()) {
            if (line.length > maxRecordBytes) await flush();
            batch.push(line);
            if (line.length > maxRecordBytes || batch.length === 500) await flush();
          }
          await flush();
          await producer.close();
        },
      });
      expect(tooLong).toBe(expected.tooLong);
    } finally {
      await broker.stop();
    }
  });
});

// helpers

/** What the lines are, counted without the service. */
function countLines(): { good: number; tooLong: number; empty: number; pairs: number } {
  const all = { good: 0, tooLong: 0, empty: 0, pairs: 0 };
  for (const line of lines()) {
    if (line.length > maxRecordBytes) all.tooLong++;
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) all.empty++;
    // A record that is a list has several entries; each is counted.
    if (line.equals(pair)) all.pairs++;
    if (line.includes('"198.51.100.')) all.good++;
  }
  return all;
}

function* withLineEnds(): Generator<Buffer> {
  for (const line of lines()) yield Buffer.concat([line, Buffer.from("\n")]);
}

/** All lines in bodies of at most 8 MB, but for the longest. */
function* bodies(): Generator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for (const line of withLineEnds()) {
    if (size > 0 && size + line.length > 8_000_000) {
      yield Buffer.concat(parts);
      parts = [];
      size = 0;
    }
    parts.push(line);
    size += line.length;
  }
  yield Buffer.concat(parts);
}

/** As a client does: when there is no room, again a little later. */
function send(gatewatch: GatewatchProcess, body: Buffer, encoding: "gzip" | undefined) {
  return eventually("room for a body", async () => {
    const response = await fetch(`${gatewatch.url}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", ...(encoding && { "content-encoding": encoding }) },
      body: new Uint8Array(encoding ? gzipSync(body) : body),
    });
    const answer = (await response.json()) as { accepted: number; rejected: number };
    if (response.status === 429) return undefined;
    expect(response.status).toBe(202);
    return answer;
  });
}

function keepOpen(stream: Writable): Writable {
  return new Writable({
    write: (chunk: Buffer, _, done) => void (stream.write(chunk) ? done() : stream.once("drain", () => done())),
  });
}
