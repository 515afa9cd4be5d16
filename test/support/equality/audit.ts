import kafkajs from "kafkajs";
import { PartitionReader } from "../../../src/cluster/partition-reader.ts";
import { readTally } from "../../../src/detect/read-tally.ts";
import type { KafkaBroker } from "../kafka-broker.ts";

/** One source partition: the lines in it, and how many of them `ingest` has counted, by what it handed on. */
export interface PartitionAudit {
  readonly partition: number;
  readonly lines: number;
  readonly counted: number;
}

/** What was written to a topic and what became of it, so that whoever counts a line twice can be told from whoever writes it twice. */
export async function auditTallies(
  kafka: KafkaBroker,
  { topic, prefix }: { readonly topic: string; readonly prefix: string },
): Promise<PartitionAudit[]> {
  const client = new kafkajs.Kafka({ brokers: kafka.brokers, logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const reader = await PartitionReader.open(client, `${prefix}.traffic`, 0);
  const counted = new Map<string, number>();
  for (const { value } of await reader.readToEnd(0)) {
    // What was counted does not matter here, but how much.
    const tally = readTally(value!, { lanes: new Map(), detectors: new Map() });
    if ("problem" in tally) throw new Error(tally.problem);
    counted.set(tally.partition, (counted.get(tally.partition) ?? 0) + tally.events);
  }
  await reader.close();
  return ends
    .map(({ partition, low, high }) => ({
      ...{ partition, lines: Number(high) - Number(low) },
      counted: counted.get(`edge:${topic}/${partition}`) ?? 0,
    }))
    .toSorted((a, b) => a.partition - b.partition);
}
