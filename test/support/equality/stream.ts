import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import kafkajs from "kafkajs";
import { nginxLine } from "../nginx-lines.ts";

const run = promisify(execFile);
const main = join(import.meta.dirname, "../../../src/main.ts");

/** How far the slowest partition is behind the fastest, ms. */
const skewMs = 30_000;
/** After the last event of the shop: by then every window has ended, and every episode is quiet. */
const afterMs = 50 * 3_600_000;
/** Records that are sent at once. */
const batchRecords = 4_000;

/** A shop's log on disk, with attacks. */
export interface RecordedStream {
  readonly file: string;
  /** The shop's inventory. */
  readonly endpoints: string;
  readonly lines: number;
  /** How many of them are requests; the others are shop events. */
  readonly requests: number;
  /** The last event of the shop, epoch ms; one more line, much later, lets everything end. */
  readonly end: number;
}

/** Writes the log of a shop with every attack that has room, some `events` lines long. */
export async function recordStream(options: {
  readonly directory: string;
  readonly events: number;
  readonly minutes: number;
}): Promise<RecordedStream> {
  const { directory, events, minutes } = options;
  const file = join(directory, "shop.log");
  const endpoints = join(directory, "endpoints.yaml");
  const rate = Math.max(1, Math.round(events / minutes / 60));
  await run(process.execPath, [
    ...[main, "simulate", "--for", `${minutes}m`, "--rate", String(rate), "--attacks", "all", "--intensity", "3"],
    ...["--out", file, "--endpoints", endpoints, "--labels", join(directory, "labels.json")],
  ]);
  let lines = 0;
  let requests = 0;
  let end = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    lines++;
    if (line.startsWith('{"msec"')) requests++;
    end = Math.max(end, timeOf(line));
  }
  await appendFile(file, `${lastLine(end)}\n`);
  return { file, endpoints, lines, requests, end };
}

export interface ProduceOptions {
  readonly brokers: string[];
  readonly topic: string;
  readonly partitions: number;
  /** Lines a second at most; as fast as the broker takes them unless given. */
  readonly rate?: number;
  /** Up to which share of all lines may be sent by now, 0 to 1; all of them unless given. */
  readonly mayReach?: () => number;
  readonly signal?: AbortSignal;
}

/**
 * Produces a stream without keys: each line to a partition by its place in the file, each partition by
 * up to 30 s behind the first. Every partition ends with a line much later. Returns how many lines. Records are of
 * now, not of the shop's day: a broker that is started anew has forgotten producers whose last records are a day old,
 * and takes what they send again for news.
 */
export async function produceStream(stream: RecordedStream, options: ProduceOptions): Promise<number> {
  const { brokers, topic, partitions, rate, mayReach = () => 1, signal } = options;
  const client = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 30, maxRetryTime: 1_000 } }); // prettier-ignore
  const producer = client.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const queues = Array.from({ length: partitions }, () => [] as { value: string; time: number }[]);
  const behind = (partition: number) => (partition * skewMs) / Math.max(1, partitions - 1);
  let pending: kafkajs.Message[] = [];
  let sent = 0;
  const begun = performance.now();
  const mustWait = () => signal?.aborted !== true && mayReach() < 1 && sent > mayReach() * stream.lines;
  const send = async () => {
    await producer.send({ topic, messages: pending });
    sent += pending.length;
    pending = [];
    const early = rate === undefined ? 0 : (sent / rate) * 1000 - (performance.now() - begun);
    if (early > 0) await pause(early);
    while (mustWait()) await pause(100);
  };
  const release = async (until: number) => {
    for (const [partition, queue] of queues.entries()) {
      const due = queue.findIndex(({ time }) => time + behind(partition) > until);
      for (const { value } of queue.splice(0, due === -1 ? queue.length : due)) pending.push({ value, partition });
    }
    if (pending.length >= batchRecords) await send();
  };
  try {
    let place = 0;
    let second = 0;
    for await (const line of createInterface({ input: createReadStream(stream.file) })) {
      if (signal?.aborted) return sent;
      if (place === stream.lines) break;
      const time = timeOf(line);
      queues[(Math.imul(place++, 0x9e3779b1) >>> 7) % partitions]!.push({ value: line, time });
      if (Math.floor(time / 1000) > second) {
        second = Math.floor(time / 1000);
        await release(time);
      }
    }
    for (const [partition, queue] of queues.entries())
      queue.push({ value: lastLine(stream.end, partition), time: stream.end + afterMs });
    await release(Infinity);
    await send();
    return sent;
  } finally {
    await producer.disconnect();
  }
}

// helpers

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** When an answer ended, or what a shop event told of happened; epoch ms. */
function timeOf(line: string): number {
  const [, seconds, ms] = /^\{"msec":"([\d.]+)"|"time":(\d{13})/.exec(line) ?? [];
  return seconds === undefined ? Number(ms) : Math.round(Number(seconds) * 1000);
}

/** Somebody harmless, much later. */
function lastLine(end: number, partition = 0): string {
  return nginxLine({ time: end + afterMs, client: "198.51.100.200", uri: `/api/banners?p=${partition}` });
}
