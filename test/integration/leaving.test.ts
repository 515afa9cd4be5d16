import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, type TestContext, test } from "vitest";
import { nginxLine } from "../../examples/shop/nginx-line.ts";
import { nextStep, people, random } from "../../examples/shop/people.ts";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { connectProducer, type Producer } from "../support/kafka-producer.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { crowding } from "../support/two-instances.ts";

const sourcePartitions = 4;
/** For how long those that stay may stand still. */
const stillMs = 2_000;
/** How often it is looked. */
const lookMs = 25;

/** What says of each role that it goes on. */
const counted = { ingest: "gatewatch_ingest_events_total", detect: "gatewatch_detect_merged_events_total" } as const;

describe("one instance leaves, and the other goes on", () => {
  const { directory, remove } = makeTemporaryDirectory();
  const prefix = `leaving-${randomUUID()}`;
  const topic = `${prefix}-logs`;
  let missing: string | undefined;
  let kafka: KafkaBroker;
  let clickhouse: ClickHouseHttp;
  let producer: Producer;
  let shipping: NodeJS.Timeout;
  const running: GatewatchProcess[] = [];

  beforeAll(async () => {
    const started = await startKafka();
    missing = started.unavailableReason;
    if (!started.broker) return;
    kafka = started.broker;
    await kafka.createTopic(topic, sourcePartitions);
    clickhouse = await ClickHouseHttp.start(join(directory, "clickhouse"));
    producer = await connectProducer(kafka.brokers, topic);
    const customers = people(200);
    const rnd = random(5);
    let i = 0;
    shipping = setInterval(() => {
      const lines = Array.from({ length: 5 }, () =>
        nginxLine(nextStep(customers[Math.floor(rnd() * customers.length)]!, rnd), Date.now(), i++).trimEnd(),
      );
      void producer.send(lines, i % sourcePartitions);
    }, lookMs);
  }, 60_000);
  beforeEach((context: TestContext) => context.skip(missing !== undefined, missing));
  afterAll(async () => {
    clearInterval(shipping);
    await Promise.all(running.map((one) => one.stop()));
    await producer?.close();
    await clickhouse?.stop();
    await kafka?.stop();
    remove();
  });

  async function start(role: keyof typeof counted, name: string): Promise<GatewatchProcess> {
    const brokers = kafka.brokers;
    const config = {
      service: { dataDirectory: "./data", log: { level: "warn" } },
      store: { type: "server", url: clickhouse.url, database: "shop" },
      cluster: { brokers, prefix, partitions: 4, replication: 1 },
      sources: [{ name: "edge", type: "kafka", brokers, topic, group: `${prefix}-logs`, format: "nginx-json" }],
    };
    const started = await startGatewatch({ directory: join(directory, name), role, config, until: "listening" });
    running.push(started);
    return started;
  }

  test.for(["ingest", "detect"] as const)(
    "%s: the other stands still for two seconds at most",
    { timeout: 120_000 },
    async (role) => {
      if (role === "detect") await start("ingest", "feeding");
      const [leaving, staying] = [await start(role, `${role}-1`), await start(role, `${role}-2`)];
      const of = (one: GatewatchProcess) => one.metric(counted[role]).catch(() => 0);
      await eventually("both to work", async () => (await of(leaving)) > 0 && (await of(staying)) > 0, 60_000);

      const crowdedBefore = crowding();
      const watch = watchFor(() => of(staying));
      await leaving.stop();
      // Long enough for the other to have all, and to go on.
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      const longest = watch.end() / Math.max(1, (crowdedBefore + crowding()) / 2);
      expect(longest).toBeLessThan(stillMs);
      await staying.stop();
    },
  );
});

/** Watches a counter that should go on; answers for how long it stood still at most, in ms. */
function watchFor(read: () => Promise<number>): { end(): number } {
  let [most, since, longest] = [0, performance.now(), 0];
  const look = async () => {
    const now = await read();
    if (now > most) since = performance.now();
    most = Math.max(most, now);
    longest = Math.max(longest, performance.now() - since);
  };
  const timer = setInterval(() => void look(), lookMs);
  return {
    end() {
      clearInterval(timer);
      return longest;
    },
  };
}
