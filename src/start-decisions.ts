import type { Kafka } from "kafkajs";
import type { DecisionLedger } from "./block/ledger.ts";
import type { Clock } from "./clock.ts";
import type { ClusterConfig } from "./cluster/cluster-config.ts";
import { decisionsMetrics } from "./cluster/decisions-metrics.ts";
import { DecisionsPublisher } from "./cluster/decisions-publisher.ts";
import { readCompacted } from "./cluster/read-compacted.ts";
import { topicsOf } from "./cluster/topics.ts";
import { TransactionalProducer } from "./cluster/transactional-producer.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export interface StartDecisionsOptions {
  readonly client: Kafka;
  readonly cluster: ClusterConfig;
  /** Where this instance can be reached by people. */
  readonly leader: string;
  /** Loaded: what the topic says differently is made as it says. */
  readonly ledger: DecisionLedger;
  readonly mayAct: () => Promise<boolean>;
  /** Another instance publishes now. */
  readonly onFenced: (error: Error) => void;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Tells gates from now on what the ledger of whoever acts says. Waits for nothing: taking over must not. */
export function startDecisions(options: StartDecisionsOptions): void {
  const { client, cluster, lifecycle, metrics, ...rest } = options;
  const { name: topic } = topicsOf(cluster).decisions;
  const publisher = new DecisionsPublisher({
    ...{ ...rest, topic, metrics: decisionsMetrics(metrics) },
    committer: () => new TransactionalProducer(client, `${cluster.prefix}-decisions`),
    read: () => readCompacted(client, topic),
  });
  lifecycle.onStop("decisions for gates", () => publisher.stop());
  void publisher.start();
}
