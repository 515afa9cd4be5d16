import kafkajs, { type Kafka, type Message, type Producer, type Transaction } from "kafkajs";
import type { Commit, Committer, ConsumedOffset, OutgoingRecord } from "./commit.ts";

/** Somebody opened the same producer after us: whatever we were doing is theirs now. */
export class Fenced extends Error {
  constructor(transactionalId: string, cause?: unknown) {
    super(`${transactionalId} was taken over by another instance`, { cause });
    this.name = "Fenced";
  }
}

/** Whether what was being written is there is not known: only whoever opens the producer anew finds out. */
export class Undecided extends Error {
  constructor(transactionalId: string, cause: unknown) {
    super(`${transactionalId} can't go on`, { cause });
    this.name = "Undecided";
  }
}

/** Brokers take 1 MiB as one batch of one partition unless told otherwise; what is larger goes in several. */
const maxBatchBytes = 768 * 1024;
/** A transaction that was left open keeps readers from what follows; whoever takes over ends it earlier. */
const transactionTimeoutMs = 30_000;
/** Soon at first, since right after a commit brokers ask to come again; all of it takes about 8 s. */
const retry = { initialRetryTime: 30, retries: 8, maxRetryTime: 2_000 };

/**
 * A producer whose id is fixed by what it writes for: opening it fences whoever had it before. Commits
 * run one after the other. When one fails and can't be given up for certain, nothing more is written:
 * opening anew would take it away from whoever has it by now, so that is left to the one who knows
 * whether we may.
 */
export class TransactionalProducer implements Committer {
  readonly #id: string;
  readonly #producer: Producer;
  #tail: Promise<unknown> = Promise.resolve();
  /** Why nothing is written any more. */
  #ended: Error | undefined;

  constructor(client: Kafka, transactionalId: string) {
    this.#id = transactionalId;
    this.#producer = client.producer({
      transactionalId,
      // Each transaction is idempotent by itself; this one would only be for what is sent outside of them.
      idempotent: false,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      transactionTimeout: transactionTimeoutMs,
      metadataMaxAge: 60_000,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry,
    });
  }

  /** Connects, so that opening takes less; disturbs nobody. */
  async connect(): Promise<void> {
    await this.#producer.connect();
  }

  /** Fences whoever had it before, and ends what they had left open. */
  async open(): Promise<void> {
    await this.#producer.connect();
    // kafkajs asks for the producer's epoch with the first transaction; an empty one is never sent.
    const transaction = await this.#producer.transaction();
    await transaction.abort();
  }

  /** Writes all of it, or nothing. Rejects with `Fenced` when somebody else has opened the same producer. */
  commit(commit: Commit): Promise<void> {
    const done = this.#tail.then(() => this.#commit(commit));
    this.#tail = done.catch(() => {});
    return done;
  }

  async close(): Promise<void> {
    await this.#tail;
    this.#ended ??= new Error(`${this.#id} is closed`);
    await this.#producer.disconnect();
  }

  async #commit({ messages, offsets = [] }: Commit): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    const transaction = await this.#producer.transaction().catch((error: unknown) => this.#broken(error));
    try {
      for (const topicMessages of batchesOf(messages)) await transaction.sendBatch({ topicMessages });
      for (const [consumerGroupId, topics] of byGroup(offsets))
        await transaction.sendOffsets({ consumerGroupId, topics });
    } catch (error) {
      await this.#giveUp(transaction, error);
      throw error;
    }
    // Whether a commit that fails was taken is not known: it is not tried again here.
    await transaction.commit().catch((error: unknown) => this.#broken(error));
  }

  async #giveUp(transaction: Transaction, reason: unknown): Promise<void> {
    if (isFenced(reason)) this.#broken(reason);
    await transaction.abort().catch((error: unknown) => this.#broken(error));
  }

  #broken(error: unknown): never {
    this.#ended = isFenced(error) ? new Fenced(this.#id, error) : new Undecided(this.#id, error);
    throw this.#ended;
  }
}

// helpers

/** An epoch that is over, by whatever name a broker calls it; `INVALID_TXN_STATE` follows it in older ones. */
const fencedTypes = new Set([
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
  "PRODUCER_FENCED",
]);
/** kafkajs doesn't know this one's name. */
const producerFenced = "Unknown error code 90";

function isFenced(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (fencedTypes.has((cause as { type?: string }).type ?? "") || cause.message === producerFenced) return true;
  }
  return false;
}

type TopicMessages = { topic: string; messages: Message[] }[];

/** In their order, and none larger than a broker takes. */
function* batchesOf(records: readonly OutgoingRecord[]): Generator<TopicMessages> {
  let batch = new Map<string, Message[]>();
  let bytes = 0;
  for (const { topic, partition, key = null, value } of records) {
    const size = (value?.length ?? 0) + 100;
    if (bytes > 0 && bytes + size > maxBatchBytes) {
      yield topicMessages(batch);
      [batch, bytes] = [new Map(), 0];
    }
    const messages = batch.get(topic) ?? [];
    messages.push({ key, partition, value: value === null || typeof value === "string" ? value : asBuffer(value) });
    batch.set(topic, messages);
    bytes += size;
  }
  if (bytes > 0) yield topicMessages(batch);
}

function topicMessages(batch: ReadonlyMap<string, Message[]>): TopicMessages {
  return [...batch].map(([topic, messages]) => ({ topic, messages }));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function byGroup(offsets: readonly ConsumedOffset[]) {
  const groups = new Map<string, { topic: string; partitions: { partition: number; offset: string }[] }[]>();
  for (const { group, topic, partition, offset } of offsets) {
    const topics = groups.get(group) ?? [];
    groups.set(group, [...topics, { topic, partitions: [{ partition, offset }] }]);
  }
  return groups;
}
