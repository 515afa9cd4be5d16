import type { Cluster, Kafka } from "kafkajs";
import { registerKafkaCodecs } from "../source/kafka-codecs.ts";

/** A record that was committed. */
export interface StoredMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  /** `null`: a tombstone. */
  readonly value: Buffer | null;
}

export interface Fetched {
  /** Without what was given up, and without markers. */
  readonly messages: readonly StoredMessage[];
  /** Where to go on. */
  readonly next: number;
}

/** As much as one answer may hold; a record that is larger comes alone. */
const maxBytes = 8 * 1024 ** 2;
/** How long a broker holds a fetch when there is nothing. */
const waitMs = 250;
const readCommitted = 1;
const attempts = 5;

/**
 * Reads one partition of a topic of ours by offset, committed records alone. It is in no consumer group, so it needn't
 * wait for one to form, and nobody has to clean up after it. Of kafkajs' client it takes the connections to the
 * brokers, which are handed to what shares partitions out; the consumer that they belong to never runs.
 */
export class PartitionReader {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #partition: number;

  private constructor(cluster: Cluster, topic: string, partition: number) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#partition = partition;
  }

  /** Connects. Rejects when the brokers don't answer, or there is no such topic. */
  static async open(client: Kafka, topic: string, partition: number): Promise<PartitionReader> {
    registerKafkaCodecs();
    const cluster = connectionsOf(client);
    await cluster.connect();
    try {
      await cluster.addTargetTopic(topic);
      return new PartitionReader(cluster, topic, partition);
    } catch (error) {
      await cluster.disconnect();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect();
  }

  /** The oldest offset that is there. */
  start(): Promise<number> {
    return this.#offsetOf({ fromBeginning: true });
  }

  /** The end of what is committed: what is written from now on comes at or after it. */
  end(): Promise<number> {
    return this.#offsetOf({ fromBeginning: false });
  }

  /** The first offset of what was written at a time (epoch ms) or later. */
  async since(time: number): Promise<number> {
    const found = await this.#offsetOf({ fromTimestamp: time });
    return found < 0 ? this.end() : found;
  }

  /** What follows `from`; waits a little where there is nothing yet. Rejects when the brokers do not answer. */
  async fetch(from: number): Promise<Fetched> {
    const [topic, partition] = [this.#topic, this.#partition];
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#cluster.refreshMetadataIfNecessary();
        const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
        const broker = await this.#cluster.findBroker({ nodeId: leader! });
        const answer = (await broker.fetch({
          ...{ isolationLevel: readCommitted, maxWaitTime: waitMs, minBytes: 1, maxBytes },
          topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes }] }],
        })) as FetchAnswer;
        const part = answer.responses[0]?.partitions[0];
        return part === undefined ? { messages: [], next: from } : fetchedOf(part, from);
      } catch (error) {
        // A leader that moved, or a connection that was closed: asked anew.
        if (attempt >= attempts || (error as { retriable?: boolean }).retriable !== true) throw error;
        await this.#cluster.refreshMetadata();
      }
    }
  }

  /** All that is committed now, from an offset on. */
  async readToEnd(from: number): Promise<StoredMessage[]> {
    const end = await this.end();
    const all: StoredMessage[] = [];
    for (let position = from; position < end;) {
      const { messages, next } = await this.fetch(position);
      all.push(...messages);
      // Compaction can leave batches without a record in them.
      if (next === position) break;
      position = next;
    }
    return all;
  }

  async #offsetOf(which: { fromBeginning: boolean } | { fromTimestamp: number }): Promise<number> {
    const partitions = [{ partition: this.#partition }];
    const [found] = await this.#cluster.fetchTopicsOffset([{ topic: this.#topic, partitions, ...which }]);
    return Number(found?.partitions[0]?.offset ?? 0);
  }
}

// helpers

interface FetchAnswer {
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
}

interface FetchedPartition {
  /** Absent where kafkajs itself has decoded the answer. */
  readonly next?: number | undefined;
  readonly abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly messages: readonly FetchedMessage[];
}

interface FetchedMessage extends StoredMessage {
  readonly isControlRecord?: boolean;
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean };
}

function connectionsOf(client: Kafka): Cluster {
  let cluster: Cluster | undefined;
  client.consumer({
    groupId: "gatewatch-never-joined",
    metadataMaxAge: 60_000,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (given) => {
        cluster = given.cluster;
        const protocol = () => ({ name: "none", metadata: Buffer.alloc(0) });
        return { name: "none", version: 0, assign: () => Promise.resolve([]), protocol };
      },
    ],
  });
  return cluster!;
}

/** A transaction that was given up is named by where it began; its records go on to its marker. */
function fetchedOf({ messages: read, abortedTransactions, next: after }: FetchedPartition, from: number): Fetched {
  const aborted = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset));
  const givenUp = new Set<string>();
  const messages: StoredMessage[] = [];
  let next = from;
  for (const message of read) {
    const { isControlRecord = false, batchContext } = message;
    const offset = Number(message.offset);
    while (aborted.length > 0 && Number(aborted[0]!.firstOffset) <= offset) givenUp.add(aborted.shift()!.producerId);
    const producer = batchContext?.producerId ?? "";
    if (isControlRecord) givenUp.delete(producer);
    if (offset < from) continue;
    next = offset + 1;
    if (isControlRecord || (batchContext?.inTransaction === true && givenUp.has(producer))) continue;
    messages.push(message);
  }
  // Batches that compaction has emptied have no record to tell how far they go.
  return { messages, next: Math.max(next, after ?? next) };
}
