import type { RunningService, StartAppOptions } from "./cli/cli-context.ts";
import { ClusterLoad } from "./cluster/cluster-load.ts";
import { topicSource } from "./cluster/topic-source.ts";
import { topicsOf } from "./cluster/topics.ts";
import { clusterOf } from "./cluster-parts.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { RespondFlow } from "./respond-flow.ts";
import { KafkaSource } from "./source/kafka-source.ts";
import { startWarm } from "./start-warm.ts";

/**
 * The role `respond`: one instance acts on what all `detect` find, and on what all `ingest` know of the
 * traffic; the others are warm. It alone opens incidents, pages and blocks.
 */
export async function startRespond(options: StartAppOptions, lifecycle: Lifecycle): Promise<RunningService> {
  const { config, log, clock } = options;
  const cluster = clusterOf(config);
  const topics = topicsOf(cluster);
  const group = (kind: string) => `${cluster.prefix}-respond-${kind}`;
  const read = (["detections", "traffic"] as const).map((kind) =>
    topicSource(cluster, { name: kind, topic: topics[kind].name, group: group(kind) }),
  );
  return startWarm(options, lifecycle, {
    topics: ["state", "decisions", "commands", "detections", "traffic", "context"],
    elsewhere: new ClusterLoad(clock),
    // Behind those of the parts of the keys.
    statePartition: cluster.partitions,
    sources: ({ metrics, membership }) =>
      read.map((source) => new KafkaSource({ config: source, clock, log, metrics, membership, payload: "bytes" })),
    // Of tallies, what is known of the traffic comes here; no keys do.
    part: { index: cluster.partitions, of: cluster.partitions },
    flow: (pipeline) =>
      new RespondFlow({
        pipeline,
        detections: "detections",
        takeTraffic: (tally) => pipeline.detect.merge(tally),
        refused: (kind) => log.warn({ kind }, "a record of another version, or a damaged one, was left out"),
      }),
  });
}
