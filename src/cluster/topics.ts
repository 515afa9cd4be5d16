import type { ITopicConfig } from "kafkajs";
import type { ClusterConfig, TopicKind } from "./cluster-config.ts";
import { topicPurposes } from "./cluster-config.ts";

const hourMs = 3_600_000;

/** One topic as it has to be. */
export interface Topic {
  readonly kind: TopicKind;
  readonly name: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** The topics of a cluster, by what they are for. */
export function topicsOf(config: ClusterConfig): Record<TopicKind, Topic> {
  const kinds = Object.keys(topicPurposes) as TopicKind[];
  return Object.fromEntries(kinds.map((kind) => [kind, topicOf(kind, config)])) as Record<TopicKind, Topic>;
}

/** A topic as kafkajs creates it. */
export function asCreated({ name, partitions, settings }: Topic, { replication }: ClusterConfig): ITopicConfig {
  return {
    topic: name,
    numPartitions: partitions,
    replicationFactor: replication ?? -1,
    configEntries: Object.entries(settings).map(([entry, value]) => ({ name: entry, value })),
  };
}

// helpers

/** Compacted soon, since whoever starts reads all of it. */
const compacted = {
  "cleanup.policy": "compact",
  "min.cleanable.dirty.ratio": "0.1",
  "segment.ms": String(hourMs),
  "delete.retention.ms": String(24 * hourMs),
};

/** Tallies and states are larger than what a broker takes unless told otherwise. */
const large = { "max.message.bytes": String(4 * 1024 ** 2) };

const kept = (hours: number) => ({ "cleanup.policy": "delete", "retention.ms": String(hours * hourMs) });

/** Tallies are kept for as long as a detector may be away and still lose nothing. */
const settingsOf: Record<TopicKind, Readonly<Record<string, string>>> = {
  tallies: { ...kept(24), ...large },
  traffic: { ...kept(24), ...large },
  detections: kept(7 * 24),
  state: { ...compacted, ...large },
  decisions: compacted,
  // In small segments: only whole ones are ever deleted.
  commands: { ...kept(1), "segment.ms": String(hourMs / 6) },
  context: compacted,
};

function topicOf(kind: TopicKind, config: ClusterConfig): Topic {
  return {
    kind,
    name: config.topics[kind] ?? `${config.prefix}.${kind}`,
    partitions: partitionsOf(kind, config),
    settings: settingsOf[kind],
  };
}

/** The state of each part of the keys; after them that of the one that acts, and what is usual. */
function partitionsOf(kind: TopicKind, { partitions }: ClusterConfig): number {
  if (kind === "tallies") return partitions;
  return kind === "state" ? partitions + 2 : 1;
}
