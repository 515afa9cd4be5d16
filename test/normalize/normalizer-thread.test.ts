import { afterEach, expect, test } from "vitest";
import { createMetrics } from "../../src/metrics.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { formatsConfig } from "../../src/normalize/formats-config.ts";
import type { GeoLookup } from "../../src/normalize/geo-place.ts";
import { privacyConfig, redactConfig } from "../../src/normalize/normalize-config.ts";
import { NormalizerThread } from "../../src/normalize/normalizer-thread.ts";
import { createNormalizer } from "../../src/normalize/normalizer.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import type { RawBatch } from "../../src/source/raw-batch.ts";
import { formatCases } from "../support/format-cases.ts";
import { arrivedAt } from "../support/normalizing.ts";

const known = { country: "DE", latitude: 52.5, longitude: 13.4, asn: 64_500 };
const geo: GeoLookup = { lookup: () => known };
const options = {
  // One of each format.
  sources: new Map(formatCases.map(({ id }) => [id, { gateway: "edge", format: "auto" }])),
  formats: formatsConfig.parse({}),
  endpoints: endpointsConfig.parse([{ method: "POST", route: "/api/login", class: "login" }]),
  proxies: proxiesConfig.parse({}),
  redact: redactConfig.parse({}),
  privacy: privacyConfig.parse({}),
};
const nginx = formatCases.find(({ id }) => id === "nginx-json")!.records;
const threads: NormalizerThread[] = [];
afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.close())));

/** The same normalizer in this thread, and in one of its own. */
function both() {
  const [here, there] = [createMetrics(), createMetrics()];
  const thread = new NormalizerThread({ ...options, geo, metrics: there });
  threads.push(thread);
  return { normalizer: createNormalizer({ ...options, geo, metrics: here }), thread, here, there };
}

function batchOf(records: RawBatch["records"], { source = "nginx-json", first = 0 } = {}): RawBatch {
  return {
    ...{ source, partition: `${source}:0`, records, refused: [{ offset: 999, reason: "too_long", head: "" }] },
    ...{ offsets: records.map((_, i) => first + i), next: first + records.length, receivedAt: arrivedAt },
  };
}

test("every format is read as in the thread that counts, and counted as there", async () => {
  const { normalizer, thread, here, there } = both();
  const batches = formatCases.flatMap(({ id, records }) => [
    batchOf(records, { source: id }),
    batchOf(["not a line", ...records], { source: id, first: 100 }),
  ]);
  const begun = batches.map((batch) => thread.begin(batch));
  for (const [i, batch] of batches.entries()) {
    expect(await begun[i]!()).toEqual(normalizer.normalize(batch));
    expect(thread.coverage()).toEqual(normalizer.coverage());
    expect(thread.formatOf(batch.source)).toBe(normalizer.formatOf(batch.source));
    expect(thread.learnedRoutes()).toEqual(normalizer.learnedRoutes());
  }
  expect(await there.registry.metrics()).toBe(await here.registry.metrics());
});

test("records that are bytes arrive as bytes", async () => {
  const { normalizer, thread } = both();
  const batch = batchOf([nginx[0]!, new Uint8Array([10, 2, 8, 1])]);
  expect(await thread.begin(batch)()).toEqual(normalizer.normalize(batch));
});

test("what is told is as of the batch that was waited for, however far the thread is ahead", async () => {
  const { thread } = both();
  const [first, second] = [thread.begin(batchOf([nginx[0]!])), thread.begin(batchOf(nginx, { first: 100 }))];
  await first();
  const told = JSON.stringify([thread.coverage(), thread.learnedRoutes()]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(JSON.stringify([thread.coverage(), thread.learnedRoutes()])).toBe(told);
  await second();
  expect(JSON.stringify([thread.coverage(), thread.learnedRoutes()])).not.toBe(told);
});

test("changed rules hold from the next batch on", async () => {
  const { thread } = both();
  const before = thread.begin(batchOf(nginx));
  thread.update({
    ...options,
    endpoints: endpointsConfig.parse([{ method: "ANY", route: "/{rest...}", class: "reservation" }]),
  });
  const after = thread.begin(batchOf(nginx));
  expect((await before()).events.map((event) => event.endpointClass)).not.toContain("reservation");
  expect(new Set((await after()).events.map((event) => event.endpointClass))).toEqual(new Set(["reservation"]));
});

test("a thread that has ended refuses, and says so", async () => {
  const { thread } = both();
  const waiting = thread.begin(batchOf([]));
  await thread.close();
  await expect(waiting()).rejects.toThrow("the thread that normalizes has ended");
  await expect(thread.begin(batchOf([]))()).rejects.toThrow("the thread that normalizes has ended");
});
