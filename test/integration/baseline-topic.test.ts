import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { baselineTopicOf } from "../../src/cluster-parts.ts";
import { type ClusterConfig, clusterConfig } from "../../src/cluster/cluster-config.ts";
import { prepareTopics } from "../../src/cluster/prepare-topics.ts";
import { type BaselineTable, emptyCells } from "../../src/detect/baseline-table.ts";
import { silentLog } from "../../src/log.ts";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { eventually } from "../support/eventually.ts";
import { startGatewatch } from "../support/gatewatch-process.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { useKafka } from "../support/use-kafka.ts";

const kafka = useKafka();

/** A table that knows so many routes. */
function aTable(learnedTo: number, routes: number): BaselineTable {
  const places = Array.from({ length: routes }, (_, i) => {
    const cells = emptyCells();
    cells.median.fill(100 + i);
    return [`route /api/${i}`, { requests: cells }] as const;
  });
  return { holdsFrom: learnedTo * 3_600_000, learnedTo, timeZone: "UTC", places: new Map(places) };
}

async function aCluster(): Promise<ClusterConfig> {
  const cluster = clusterConfig.parse({ brokers: kafka.broker.brokers, prefix: `p-${randomUUID()}`, partitions: 2, replication: 1 }); // prettier-ignore
  await prepareTopics({ client: kafka.client, config: cluster, kinds: ["state"], log: silentLog, clock: systemClock });
  return cluster;
}

test("what one instance has learned another knows, with the table before it, and is told once", async () => {
  const parts = { cluster: await aCluster(), client: kafka.client, log: silentLog };
  const [leader, other] = [baselineTopicOf(parts), baselineTopicOf(parts)];
  expect(await other.news()).toEqual([]);
  expect(await other.news()).toBeUndefined();

  // Large enough to go in several records.
  const tables = [aTable(10, 2), aTable(11, 2_000)];
  await leader.save(tables);
  let news: readonly BaselineTable[] | undefined;
  await eventually("the other to hear of it", async () => (news ??= await other.news()) !== undefined);
  expect(news).toEqual(tables);
  expect(await other.news()).toBeUndefined();

  const later = [tables[1]!, aTable(12, 3)];
  await baselineTopicOf(parts).save(later);
  expect(await other.load()).toEqual(later);
}, 60_000);

test("the role detect begins with what is usual", async () => {
  const cluster = await aCluster();
  const shared = baselineTopicOf({ cluster, client: kafka.client, log: silentLog });
  await shared.save([aTable(10, 7)]);
  const topic = `logs-${randomUUID()}`;
  await kafka.broker.createTopic(topic, 1);
  const directory = temporaryDirectory();
  const server = await ClickHouseHttp.start(join(directory, "store"));
  const detect = await startGatewatch({
    ...{ directory, role: "detect" },
    config: {
      service: { dataDirectory: "./data" },
      store: { type: "server", url: server.url, database: "shop" },
      cluster: { brokers: kafka.broker.brokers, prefix: cluster.prefix, partitions: 2, replication: 1 },
      sources: [{ ...{ name: "edge", type: "kafka", brokers: kafka.broker.brokers, topic, group: "edge" }, format: "nginx-json" }],
    },
  }); // prettier-ignore
  try {
    await eventually("it to know", async () => (await detect.metric("gatewatch_detect_baseline_places")) === 7);
  } finally {
    await detect.stop();
    await server.stop();
  }
}, 120_000);
