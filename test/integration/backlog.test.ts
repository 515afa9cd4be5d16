import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Decision } from "../../src/block/decision.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { simulatedEndpoints } from "../../src/simulate/shop-endpoints.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { kcatMissing, produce } from "../support/kcat.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { readLive, type ShopHours, shopHours } from "../support/shop-hours.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

// The service was away, and reads what waited in Kafka as fast as it can: what does it find, and whom does it block?
// `GATEWATCH_BACKLOG_MINUTES=120` (`npm run backlog`) for two hours of traffic.
const minutes = Number(process.env["GATEWATCH_BACKLOG_MINUTES"] ?? 62);
const rate = 12;
const topic = "access-logs";
/**
 * `detect.staleAfter`: attacks that ended longer ago are over. The one that goes on began longer ago as well; and
 * a busy machine may take some minutes to read.
 */
const overMs = 10 * 60_000;

const missing = kcatMissing();

describe.skipIf(missing)(`a backlog of ${minutes} minutes${missing ? ` (${missing})` : ""}`, () => {
  const { directory, remove } = makeTemporaryDirectory();
  let noKafka: string | undefined;
  let kafka: KafkaBroker | undefined;
  let gatewatch: GatewatchProcess | undefined;
  let hours: ShopHours;
  let live: Awaited<ReturnType<typeof readLive>>;
  let found: Detection[];
  let blocks: Decision[];
  let end: number;

  beforeAll(async () => {
    const started = await startKafka();
    noKafka = started.unavailableReason;
    if (!started.broker) return;
    kafka = started.broker;
    await kafka.createTopic(topic, 4);
    end = Date.now();
    hours = shopHours({ end, minutes, rate });
    for (const partition of [0, 1, 2, 3]) {
      const lines = hours.lines.filter((_, i) => Math.floor(i / 5) % 4 === partition).map(({ line }) => line);
      await produce({ broker: kafka.brokers[0]!, topic, partition, codec: "lz4", lines });
    }
    gatewatch = await startGatewatch({ directory, config: configuration(kafka) });
    const service = gatewatch;
    await eventually(
      "everything to be read",
      async () => (await figure(service, "gatewatch_normalize_events_total")) >= hours.lines.length,
      240_000,
    );
    // Nothing comes any more: all that was read is judged.
    await eventually("all to be judged", async () => (await figure(service, "gatewatch_detect_watermark_seconds")) * 1_000 >= end - 4_000, 90_000); // prettier-ignore
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await service.metric("gatewatch_detect_late_events_total")).toBe(0);
    await service.stop();
    const store = await openTestStore(join(directory, "data"));
    found = await store.latest<Detection>("detections", "sealed AND state != 'unconfirmed' AND origin = 'traffic'");
    blocks = await store.latest<Decision>("decisions", "1");
    await store.close();
    live = await readLive(hours.lines);
  }, 600_000);

  beforeEach(({ skip }) => skip(noKafka !== undefined, noKafka));
  afterAll(async () => {
    await gatewatch?.kill();
    await kafka?.stop();
    remove();
  });

  test("the same is found as by reading each line when it was written", () => {
    expect(live.detections.length).toBeGreaterThan(10);
    const isOpen = new Set(found.filter(({ state }) => state === "open").map(({ id }) => id));
    const texts = (detections: readonly Detection[]) => new Map(detections.map((one) => [one.id, comparable(one, isOpen.has(one.id))])); // prettier-ignore
    const [backlog, expected] = [texts(found), texts(live.detections)];
    expect([...backlog.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [id, text] of expected) expect(backlog.get(id)).toEqual(text);
  });

  test("nobody is blocked for an attack that is over", () => {
    const attackOf = new Map(found.map((one) => [one.id, one.lastSeen]));
    const acted = blocks.filter(({ state }) => state === "active" || state === "asked");
    for (const { detection, value } of acted) {
      expect([value, attackOf.get(detection ?? "") ?? 0]).toEqual([value, expect.toSatisfy((time: number) => time > end - overMs)]); // prettier-ignore
    }
    const over = hours.labels.attacks.filter((attack) => attack.end < end - overMs).flatMap(({ entities }) => entities);
    expect(over.length).toBeGreaterThan(10);
    const blocked = new Set(acted.map(({ scope, value }) => `${scope} ${value}`));
    expect(over.filter(({ scope, value }) => blocked.has(`${scope} ${value}`))).toEqual([]);
  });

  test("who would have been blocked at the time, would have been; who still attacks, is", () => {
    expect(live.blocks.filter(({ state }) => state === "active" || state === "expired").length).toBeGreaterThan(5);
    const active = blocks.filter(({ state }) => state === "active").map(({ value }) => value);
    expect(active).toContain(hours.lastAttacker);
  });
});

// helpers

function configuration(kafka: KafkaBroker) {
  return {
    service: { dataDirectory: "./data" },
    sources: [{ name: "edge", type: "kafka", brokers: kafka.brokers, topic, from: "earliest", format: "nginx-json" }],
    endpoints: simulatedEndpoints({ shopEvents: false }),
    geo: { database: "none" },
    detect: { staleAfter: "10m" },
    block: { mode: "enforce" },
  };
}

/** Now and then: who asks all the time keeps it from reading. */
async function figure(service: GatewatchProcess, name: string): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return await service.metric(name);
}

/**
 * All that a detection says, but for what tells how it was read: versions, staleness, an eager forerunner, and how
 * much the lines before had of what its detector would like to know. Of one that goes on, what stays.
 */
function comparable(detection: Detection, isOpen: boolean): unknown {
  const { version: _version, stale: _stale, supersedes: _supersedes, coverage: _coverage, ...rest } = detection;
  const { id, detector, key, firstSeen, severity, targets } = rest;
  return JSON.parse(JSON.stringify(isOpen ? { id, detector, key, firstSeen, severity, targets } : rest));
}
