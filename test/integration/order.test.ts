import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import { eventually } from "../support/eventually.ts";
import { startGatewatch } from "../support/gatewatch-process.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { connectProducer } from "../support/kafka-producer.ts";
import { failedLogin, goodLogin, nginxLine } from "../support/nginx-lines.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

interface Line {
  readonly time: number;
  readonly text: string;
}

/** Lines as they reach one partition, one batch after the other. */
type Batches = readonly { readonly partition: number; readonly lines: readonly string[] }[];

const latenessMs = 10_000;
const began = Math.floor(Date.now() / 60_000) * 60_000 - 6 * 3_600_000;
const traffic = shopTraffic();

describe("the same lines give the same sealed detections", () => {
  const { directory, remove } = makeTemporaryDirectory();
  let noKafka: string | undefined;
  let kafka: KafkaBroker;
  let inOrder: unknown[];

  beforeAll(async () => {
    const started = await startKafka();
    noKafka = started.unavailableReason;
    if (!started.broker) return;
    kafka = started.broker;
    inOrder = await detectedOf({ name: "in-order", batches: asTheyCame(traffic), live: true });
  });
  beforeEach(({ skip }) => skip(noKafka !== undefined, noKafka));
  afterAll(async () => {
    await kafka?.stop();
    remove();
  });

  /** `live`: read line by line as if it were now; else all lies there before the start, and is hours old. */
  const detectedOf = async (run: { name: string; batches: Batches; live: boolean }) => {
    const { name, batches, live } = run;
    await kafka.createTopic(name, 2);
    const producer = await connectProducer(kafka.brokers, name);
    const produce = async (handled: (lines: number) => Promise<unknown>) => {
      let sent = 0;
      for (const { partition, lines } of batches) {
        await producer.send(lines, partition);
        sent += lines.length;
        await handled(sent);
      }
    };
    if (!live) await produce(() => Promise.resolve());
    const gatewatch = await startGatewatch({ directory: join(directory, name), config: configuration({ kafka, topic: name, live }) }); // prettier-ignore
    try {
      const read = (lines: number) =>
        eventually(`${name}: ${lines} lines to be read`, async () => (await gatewatch.metric("gatewatch_normalize_events_total")) >= lines); // prettier-ignore
      if (live) await produce(read);
      await read(traffic.length);
      await eventually(`${name}: all episodes to be over`, async () => (await gatewatch.metric("gatewatch_detect_open_episodes")) === 0); // prettier-ignore
      expect(await gatewatch.metric("gatewatch_detect_late_events_total")).toBe(0);
      expect(await gatewatch.stop()).toBe(0);
      return await sealedIn(join(directory, name, "data"), live);
    } finally {
      await producer.close();
      await gatewatch.kill();
    }
  };

  test("there is something to compare", () => {
    const detectors = inOrder.map((one) => (one as Detection).detector);
    expect(Object.groupBy(detectors, (id) => id)).toMatchObject({
      "credential-stuffing": expect.arrayContaining(["credential-stuffing"]),
      "account-under-attack": expect.arrayContaining(["account-under-attack"]),
      "rate-limit-burst": expect.arrayContaining(["rate-limit-burst"]),
      "payment-storm": expect.arrayContaining(["payment-storm"]),
    });
  });

  test("in another order, within the lateness, in other batches, over the partitions otherwise", async () => {
    expect(await detectedOf({ name: "shuffled", batches: shuffled(traffic, 11), live: true })).toEqual(inOrder);
  });

  test("as a backlog, hours old", async () => {
    expect(await detectedOf({ name: "backlog", batches: asTheyCame(traffic), live: false })).toEqual(inOrder);
  });

  test("as a backlog in another order", async () => {
    expect(await detectedOf({ name: "backlog-shuffled", batches: shuffled(traffic, 12), live: false })).toEqual(inOrder); // prettier-ignore
  });
});

// helpers

const compared = ["account-under-attack", "country-surge", "credential-stuffing", "impossible-travel", "payment-storm", "rate-limit-burst"]; // prettier-ignore
const others = readdirSync(new URL("../../detectors/", import.meta.url))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((id) => !compared.includes(id));

function configuration(of: { kafka: KafkaBroker; topic: string; live: boolean }) {
  return {
    service: { dataDirectory: "./data" },
    sources: [{ name: "edge", type: "kafka", brokers: of.kafka.brokers, topic: of.topic, from: "earliest" }],
    endpoints: [
      { method: "POST", route: "/api/login", class: "login" },
      { method: "POST", route: "/api/payments", class: "payment" },
    ],
    detect: { lateness: `${latenessMs}ms`, clients: 4096, staleAfter: of.live ? "7d" : "2m" },
    // Others look back over a day, and their episodes are not over within these hours.
    detectors: Object.fromEntries(others.map((id) => [id, { mode: "off" }])),
  };
}

/** Half an hour of a shop: customers, and attacks among them; then a quiet end that lets everything close. */
function shopTraffic(): Line[] {
  const lines: Line[] = [];
  const at = (second: number) => began + Math.round(second * 1000);
  const add = (time: number, text: string) => void lines.push({ time, text });
  for (let i = 0; i < 1_800; i++) {
    const client = `198.51.100.${i % 200}`;
    add(at(i), i % 9 === 0 ? goodLogin(at(i), client, `customer-${i % 200}`) : nginxLine({ time: at(i), client }));
    const status = i >= 900 && i < 960 ? 502 : 200;
    for (const half of [0.25, 0.75]) {
      const paid = { time: at(i + half), client: `198.51.100.${(i * 7) % 200}`, method: "POST", uri: "/api/payments" };
      add(paid.time, nginxLine({ ...paid, status }));
    }
  }
  for (let attacker = 0; attacker < 5; attacker++) {
    for (let i = 0; i < 12 + attacker * 9; i++) {
      const time = at(120 + attacker * 200 + i * (1.5 + attacker));
      add(time, failedLogin(time, `203.0.113.${attacker}`, `user-${i % 30}`));
    }
  }
  for (let i = 0; i < 16; i++) {
    const time = at(300 + i * 40);
    add(time, failedLogin(time, `192.0.2.${i}`, "anna"));
  }
  for (let i = 0; i < 90; i++) {
    const time = at(1_200 + i * 0.7);
    add(time, nginxLine({ time, client: "203.0.113.99", uri: "/api/search", status: 429, user: "eager" }));
  }
  for (let i = 0; i < 20; i++) {
    const time = began + 4 * 3_600_000 + i * 1000;
    add(time, nginxLine({ time, client: `198.51.100.${i}` }));
  }
  return lines.sort((a, b) => a.time - b.time);
}

/** Each client's lines in one partition, in small batches. */
function asTheyCame(lines: readonly Line[]): Batches {
  return inBatches(lines, (_, i) => i % 2, () => 150); // prettier-ignore
}

/** Lines up to nearly the lateness early or late, over partitions as it happens, in batches of any size. */
function shuffled(lines: readonly Line[], seed: number): Batches {
  const delays = fc.sample(fc.nat({ max: latenessMs - 1_000 }), { seed, numRuns: lines.length });
  const partitions = fc.sample(fc.nat({ max: 1 }), { seed, numRuns: lines.length });
  const sizes = fc.sample(fc.integer({ min: 1, max: 400 }), { seed, numRuns: lines.length });
  const arriving = lines.map((line, i) => ({ line, arrives: line.time + (delays[i] ?? 0) }));
  arriving.sort((a, b) => a.arrives - b.arrives);
  return inBatches(arriving.map(({ line }) => line), (_, i) => partitions[i] ?? 0, (n) => sizes[n] ?? 1); // prettier-ignore
}

function inBatches(
  lines: readonly Line[],
  partitionOf: (line: Line, index: number) => number,
  sizeOf: (batch: number) => number,
): Batches {
  const batches: { partition: number; lines: string[] }[] = [];
  for (let from = 0, n = 0; from < lines.length; n++) {
    const size = sizeOf(n);
    const part = lines.slice(from, from + size).map((line, i) => ({ line, partition: partitionOf(line, from + i) }));
    for (const partition of [0, 1]) {
      const own = part.filter((one) => one.partition === partition).map(({ line }) => line.text);
      if (own.length > 0) batches.push({ partition, lines: own });
    }
    from += size;
  }
  return batches;
}

/**
 * All that a sealed detection says, but for what tells how it was read: versions, staleness, an eager
 * forerunner, and how much the lines read just before had of what the detector would like to know.
 */
async function sealedIn(dataDirectory: string, live: boolean): Promise<unknown[]> {
  const store = await openTestStore(dataDirectory);
  const detections = await store.latest<Detection>("detections", "sealed AND state != 'unconfirmed' AND origin = 'traffic'"); // prettier-ignore
  await store.close();
  return detections
    .map(({ version: _version, stale, supersedes: _supersedes, coverage: _coverage, ...rest }) => {
      expect(stale).toBe(!live);
      return rest;
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
