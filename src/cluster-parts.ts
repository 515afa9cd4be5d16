import type { Kafka } from "kafkajs";
import { BaselineTopic } from "./cluster/baseline-topic.ts";
import type { ClusterConfig } from "./cluster/cluster-config.ts";
import { topicsOf } from "./cluster/topics.ts";
import type { Config } from "./config.ts";
import { GatewatchError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { KafkaSourceConfig } from "./source/source-config.ts";

/** The cluster that a role needs. Throws `CONFIG_INVALID` when there is none. */
export function clusterOf(config: Config): ClusterConfig {
  if (config.cluster !== undefined) return config.cluster;
  throw new GatewatchError("CONFIG_INVALID", "This role needs a cluster, and the configuration has none.", {
    remedy: "Add `cluster:` with its brokers (docs/cluster.md), or run without --role.",
  });
}

/** What is usual, for all instances: behind the states of the parts, and of the one that acts. */
export function baselineTopicOf(parts: {
  readonly cluster: ClusterConfig;
  readonly client: Kafka;
  readonly log: Log;
}): BaselineTopic {
  const { cluster, ...rest } = parts;
  const partition = cluster.partitions + 1;
  const transactionalId = `${cluster.prefix}-state-${partition}`;
  return new BaselineTopic({ ...rest, topic: topicsOf(cluster).state.name, partition, transactionalId });
}

/**
 * The sources, all of Kafka, and on the cluster's brokers: how far they are read moves in one transaction
 * with what was counted. Throws `CONFIG_INVALID` for another one.
 */
export function kafkaSourcesOf(config: Config): KafkaSourceConfig[] {
  const { brokers } = clusterOf(config);
  return config.sources.map((source) => {
    if (source.type !== "kafka") {
      throw new GatewatchError("CONFIG_INVALID", `The source ${source.name} is of type ${source.type}; with several instances all have to be of type kafka.`, {
        remedy: "Have its lines shipped to a topic, or run one instance, without `cluster:`.",
      }); // prettier-ignore
    }
    if (source.brokers.some((broker) => brokers.includes(broker))) return source;
    throw new GatewatchError("CONFIG_INVALID", `The source ${source.name} is read from other brokers than cluster.brokers names.`, {
      remedy: "Give both the same brokers: how far was read and what was counted are written in one transaction.",
    }); // prettier-ignore
  });
}
