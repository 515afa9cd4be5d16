import type { Kafka } from "kafkajs";
import { kafkaPartition } from "../source/kafka-session.ts";
import type { KafkaSourceConfig } from "../source/source-config.ts";

/**
 * The names of all partitions of some sources, as in `RawBatch`: those that nobody has heard of yet
 * hold the watermark back, too. Rejects when a broker does not answer, or lacks a topic.
 */
export async function sourcePartitions(
  sources: readonly { readonly config: KafkaSourceConfig; readonly client: Kafka }[],
): Promise<string[]> {
  const names = await Promise.all(
    sources.map(async ({ config, client }) => {
      const admin = client.admin();
      try {
        await admin.connect();
        const { topics } = await admin.fetchTopicMetadata({ topics: [config.topic] });
        const partitions = topics[0]?.partitions ?? [];
        return partitions.map(({ partitionId }) => kafkaPartition(config, partitionId));
      } finally {
        await admin.disconnect();
      }
    }),
  );
  return names.flat().sort();
}
