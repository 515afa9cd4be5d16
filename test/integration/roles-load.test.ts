import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { nginxLine } from "../../examples/shop/nginx-line.ts";
import { nextStep, people, random } from "../../examples/shop/people.ts";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { connectProducer } from "../support/kafka-producer.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { useKafka } from "../support/use-kafka.ts";

const partitions = 4;
const perSecond = 200;

interface Status {
  readonly eventsPerSecond: number;
  readonly lagMs?: number;
  readonly sources: readonly {
    readonly name: string;
    readonly eventsPerSecond: number;
    readonly partitions: readonly { readonly name: string; readonly lagMs: number; readonly records?: number }[];
  }[];
}

const kafka = useKafka();
const { directory, remove } = makeTemporaryDirectory();
const ends: (() => unknown)[] = [remove];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

test("the role that acts shows how far the others are with each partition, and how much they read", { timeout: 180_000 }, async () => {
  const prefix = `load-${randomUUID()}`;
  const topic = `${prefix}-logs`;
  const { brokers } = kafka.broker;
  await kafka.broker.createTopic(topic, partitions);
  const clickhouse = await ClickHouseHttp.start(join(directory, "clickhouse"));
  ends.push(() => clickhouse.stop());
  const start = async (role: string): Promise<GatewatchProcess> => {
    const config = {
      service: { dataDirectory: "./data", log: { level: "warn" } },
      store: { type: "server", url: clickhouse.url, database: "shop" },
      cluster: { brokers, prefix, partitions: 2, replication: 1 },
      sources: [{ name: "edge", type: "kafka", brokers, topic, group: `${prefix}-logs`, format: "nginx-json" }],
    };
    const started = await startGatewatch({ directory: join(directory, role), role, config });
    ends.push(() => started.stop());
    return started;
  };
  const [ingest, detect, respond] = [await start("ingest"), await start("detect"), await start("respond")];

  const producer = await connectProducer(brokers, topic);
  ends.push(() => producer.close());
  const customers = people(200);
  const rnd = random(3);
  let i = 0;
  const shipping = setInterval(() => {
    for (let partition = 0; partition < partitions; partition++) {
      const lines = Array.from({ length: perSecond / 10 / partitions }, () =>
        nginxLine(nextStep(customers[Math.floor(rnd() * customers.length)]!, rnd), Date.now(), i++).trimEnd(),
      );
      void producer.send(lines, partition);
    }
  }, 100);
  ends.push(() => clearInterval(shipping));

  const status = () => respond.get<Status>("/v1/status");
  await eventually("all partitions to be told of", async () => (await status()).sources[0]?.partitions.length === partitions, 60_000); // prettier-ignore
  await eventually("their rate to be told", async () => (await status()).eventsPerSecond > perSecond / 2, 60_000);
  const { sources, eventsPerSecond } = await status();
  expect(eventsPerSecond).toBe(sources[0]!.eventsPerSecond);
  expect(sources[0]!.partitions.map(({ name }) => name).toSorted()).toEqual(
    Array.from({ length: partitions }, (_, partition) => `${topic}/${partition}`),
  );
  for (const of of [ingest, detect]) {
    const exposed = await (await fetch(`${of.url}/metrics`)).text();
    expect(exposed).toMatch(/gatewatch_pipeline_lag_seconds\{source="(edge|tallies)",partition="[^"]+"\} /);
    expect(exposed).toMatch(/gatewatch_pipeline_stage_seconds_total\{stage="detect"\} [0-9.]*[1-9]/);
  }
}); // prettier-ignore
