import type { Kafka } from "kafkajs";
import { collectDefaultMetrics } from "prom-client";
import type { StartAppOptions } from "./cli/cli-context.ts";
import type { ClusterConfig, TopicKind } from "./cluster/cluster-config.ts";
import { prepareTopics } from "./cluster/prepare-topics.ts";
import { sourcePartitions } from "./cluster/source-partitions.ts";
import { topicsOf } from "./cluster/topics.ts";
import { clusterOf, kafkaSourcesOf } from "./cluster-parts.ts";
import { claimDataDirectory } from "./data-directory.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { loadRules, type Rules } from "./load-rules.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { startRoleFront } from "./role-front.ts";
import { createKafkaClient } from "./source/kafka-client.ts";
import type { KafkaSourceConfig } from "./source/source-config.ts";
import { openStore } from "./store/open-store.ts";
import type { Store } from "./store/store.ts";

/** What a role that people don't talk to stands on. */
export interface PreparedRole {
  readonly cluster: ClusterConfig;
  readonly topics: ReturnType<typeof topicsOf>;
  readonly metrics: Metrics;
  readonly rules: Rules;
  readonly client: Kafka;
  readonly store: Store;
  readonly sources: readonly KafkaSourceConfig[];
  /** The names of all partitions of the sources, asked anew. */
  readonly partitions: () => Promise<string[]>;
}

/** Reads the rules, answers whether it is ready, makes the topics, and opens the store. */
export async function prepareRole(
  options: StartAppOptions,
  {
    lifecycle,
    kinds,
    ready,
  }: {
    readonly lifecycle: Lifecycle;
    /** Topics it works with. */
    readonly kinds: readonly TopicKind[];
    /** Why it can't do its work; empty when it can. */
    readonly ready: () => readonly string[];
  },
): Promise<PreparedRole> {
  const { config, configFile, log, clock } = options;
  const { dataDirectory } = config.service;
  const cluster = clusterOf(config);
  const sources = kafkaSourcesOf(config);
  const metrics = createMetrics();
  collectDefaultMetrics({ register: metrics.registry, prefix: "gatewatch_" });
  const rules = await loadRules(config, configFile);
  lifecycle.onStop("data directory", await claimDataDirectory(dataDirectory));
  await startRoleFront({ config, metrics, clock, log, lifecycle, ready });
  const client = await createKafkaClient({ name: "cluster", ...cluster }, log);
  await prepareTopics({ client, config: cluster, kinds, log, clock });
  const store = await openStore({ config: config.store, dataDirectory, clock, log, metrics });
  lifecycle.onStop("store", () => store.close());
  const clients = await Promise.all(
    sources.map(async (source) => ({ config: source, client: await createKafkaClient(source, log) })),
  );
  return {
    ...{ cluster, topics: topicsOf(cluster), metrics, rules, client, store, sources },
    partitions: () => sourcePartitions(clients),
  };
}
