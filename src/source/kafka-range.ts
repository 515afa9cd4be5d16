import type { Admin, Batch, Consumer, Kafka } from "kafkajs";
import type { Clock } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import type { Log } from "../log.ts";
import { rawBatches } from "./kafka-batches.ts";
import { createKafkaClient, errorText, kafkaTrouble } from "./kafka-client.ts";
import { fetchSizes } from "./kafka-fetch.ts";
import { registerKafkaCodecs } from "./kafka-codecs.ts";
import { kafkaPartition } from "./kafka-session.ts";
import type { RawBatch, SourceIo } from "./raw-batch.ts";
import type { KafkaSourceConfig } from "./source-config.ts";

/** Raw batches of one partition that wait to be handled, of 2,000 records or 4 MiB at most each; then it is paused. */
const maxWaiting = 4;
const maxWaitMs = 250;

/** Which records: by offset where one is named, else by when Kafka says that they were written. `to` is not included. */
export interface KafkaRangeWanted {
  /** Epoch ms; open where left out. */
  readonly time: { readonly from: number | undefined; readonly to: number | undefined };
  /** Of one partition, or (`undefined`) of all that are not named; empty: all of every partition. */
  readonly offsets: readonly {
    readonly partition: number | undefined;
    readonly from: number;
    readonly to: number | undefined;
  }[];
}

/** One partition's part of the range. */
interface Part {
  readonly name: string;
  readonly end: number;
  /** The offset that is expected next. */
  next: number;
  readonly waiting: RawBatch[];
  /** Called when there is something to do. */
  wake: () => void;
}

export interface KafkaRangeOptions {
  readonly config: KafkaSourceConfig;
  readonly wanted: KafkaRangeWanted;
  /** Names the consumer group that is made for this alone. */
  readonly uuid: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A range of a topic, all partitions side by side. Reads as a consumer of its own, in a group that
 * nobody else is in, commits nothing, and deletes the group after; the service's group is not touched.
 */
export class KafkaRange {
  /** Records at most: a compacted topic has fewer. */
  readonly total: number;
  readonly #options: KafkaRangeOptions;
  readonly #client: Kafka;
  readonly #parts: ReadonlyMap<number, Part>;

  private constructor(options: KafkaRangeOptions, client: Kafka, parts: ReadonlyMap<number, Part>) {
    this.#options = options;
    this.#client = client;
    this.#parts = parts;
    this.total = [...parts.values()].reduce((sum, { next, end }) => sum + end - next, 0);
  }

  /** Asks the brokers where the range lies. Rejects with `SOURCE_FAILED` when they can't be asked, or there is no such topic. */
  static async find(options: KafkaRangeOptions): Promise<KafkaRange> {
    registerKafkaCodecs();
    const { config, wanted, log } = options;
    const client = await createKafkaClient(config, log);
    const admin = client.admin();
    try {
      await admin.connect();
      // Asking for the offsets of a topic that isn't there could make it.
      const topics = await admin.listTopics();
      if (!topics.includes(config.topic)) throw noTopic(config, topics);
      return new KafkaRange(options, client, await findParts(admin, { config, wanted }));
    } catch (error) {
      throw failed(config, error);
    } finally {
      await admin.disconnect();
    }
  }

  /** Records read so far. */
  get done(): number {
    return this.total - [...this.#parts.values()].reduce((sum, { next, end }) => sum + Math.max(0, end - next), 0);
  }

  /**
   * Hands over every partition's records to its end; each partition waits until its batch is handled.
   * `until` ends it early; it must not reject. Rejects with `SOURCE_FAILED` when the brokers can't be read from.
   */
  async read(io: Pick<SourceIo, "assigned" | "handle" | "ended">, until: Promise<void>): Promise<void> {
    const { config, uuid } = this.#options;
    const parts = [...this.#parts.values()];
    io.assigned(parts.map(({ name }) => name));
    if (parts.length === 0) return;
    const groupId = `${config.group}-backtest-${uuid}`;
    const consumer = this.#client.consumer({
      ...{ groupId, maxWaitTimeInMs: maxWaitMs, metadataMaxAge: 60_000, allowAutoTopicCreation: false },
      ...fetchSizes,
    });
    const crashed = Promise.withResolvers<never>();
    crashed.promise.catch(() => {}); // told where it is awaited, unless all was read before
    consumer.on(consumer.events.CRASH, ({ payload }) => crashed.reject(payload.error));
    const all = Promise.all(
      [...this.#parts].map(([partition, part]) => this.#handOn(partition, part, { io, consumer })),
    );
    try {
      await this.#start(consumer);
      await Promise.race([all, crashed.promise, until]);
    } catch (error) {
      throw failed(config, error);
    } finally {
      await this.#leave(consumer, groupId);
    }
  }

  async #start(consumer: Consumer): Promise<void> {
    const { topic } = this.#options.config;
    // Within the join, before anything is fetched: each partition begins where its range does, or not at all.
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      for (const partition of payload.memberAssignment[topic] ?? []) {
        const part = this.#parts.get(partition);
        if (part) consumer.seek({ topic, partition, offset: String(part.next) });
        else consumer.pause([{ topic, partitions: [partition] }]);
      }
    });
    // Told also of what is left out: control records, and those of transactions that were given up.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      this.#reached(payload.partition, Number(payload.lastOffset) + 1);
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      // Returns at once: a partition that waits for others must not keep them from being fetched.
      eachBatch: async ({ batch }) => this.#keep(batch, consumer),
    });
  }

  /** Keeps what was fetched, and fetches no more of a partition that has enough, or is read. */
  #keep(batch: Batch, consumer: Consumer): void {
    const { config, clock } = this.#options;
    const part = this.#parts.get(batch.partition);
    if (!part || part.next >= part.end) return;
    const messages = batch.messages.filter(({ offset }) => Number(offset) < part.end);
    const { name: partition, next: start } = part;
    const { name: source, maxRecordBytes } = config;
    part.waiting.push(
      ...rawBatches({ messages }, { source, partition, start, maxRecordBytes, receivedAt: clock.now() }),
    );
    this.#reached(batch.partition, Number(batch.lastOffset()) + 1);
    if (part.next >= part.end || part.waiting.length > maxWaiting) {
      consumer.pause([{ topic: config.topic, partitions: [batch.partition] }]);
    }
  }

  #reached(partition: number, next: number): void {
    const part = this.#parts.get(partition);
    if (!part) return;
    part.next = Math.max(part.next, next);
    part.wake();
  }

  /** Hands on one partition's batches, one after the other, until its range is read. */
  async #handOn(
    partition: number,
    part: Part,
    { io, consumer }: { readonly io: Pick<SourceIo, "handle" | "ended">; readonly consumer: Consumer },
  ): Promise<void> {
    const { topic } = this.#options.config;
    for (;;) {
      const batch = part.waiting.shift();
      if (batch !== undefined) {
        await io.handle(batch);
        if (part.next < part.end && part.waiting.length === 0) consumer.resume([{ topic, partitions: [partition] }]);
      } else if (part.next >= part.end) break;
      else await new Promise<void>((resolve) => (part.wake = resolve));
    }
    io.ended(part.name);
  }

  async #leave(consumer: Consumer, groupId: string): Promise<void> {
    const { config, log } = this.#options;
    const admin = this.#client.admin();
    try {
      await consumer.disconnect();
      await admin.connect();
      await admin.deleteGroups([groupId]);
    } catch (error) {
      // It is empty, and the broker drops it by itself after a while.
      log.debug({ source: config.name, error: errorText(error) }, "consumer group not deleted");
    } finally {
      await admin.disconnect();
    }
  }
}

// helpers

/** Where the range lies in each partition; those that have nothing in it are left out. */
async function findParts(
  admin: Admin,
  { config, wanted }: { readonly config: KafkaSourceConfig; readonly wanted: KafkaRangeWanted },
): Promise<Map<number, Part>> {
  const { topic } = config;
  const { time, offsets } = wanted;
  const at = async (moment: number | undefined) =>
    new Map(
      moment === undefined
        ? []
        : (await admin.fetchTopicOffsetsByTimestamp(topic, moment)).map((one) => [one.partition, Number(one.offset)]),
    );
  const [all, from, to] = await Promise.all([admin.fetchTopicOffsets(topic), at(time.from), at(time.to)]);
  const parts = new Map<number, Part>();
  for (const { partition, low, high } of all) {
    const named =
      offsets.find((one) => one.partition === partition) ?? offsets.find((one) => one.partition === undefined);
    if (offsets.length > 0 && named === undefined) continue;
    const next = Math.max(Number(low), named?.from ?? 0, from.get(partition) ?? 0);
    const end = Math.min(Number(high), named?.to ?? Infinity, to.get(partition) ?? Infinity);
    if (next >= end) continue;
    parts.set(partition, { name: kafkaPartition(config, partition), end, next, waiting: [], wake: () => {} });
  }
  return parts;
}

function noTopic({ name, topic }: KafkaSourceConfig, topics: readonly string[]): GatewatchError {
  const others = topics.filter((one) => !one.startsWith("__")).slice(0, 20);
  return new GatewatchError("SOURCE_FAILED", `source ${name}: the brokers have no topic ${topic} that may be read.`, {
    remedy: others.length === 0 ? "Check the topic's name and the user's rights." : `They have ${others.join(", ")}.`,
  });
}

function failed({ name, brokers }: KafkaSourceConfig, error: unknown): GatewatchError {
  if (error instanceof GatewatchError) return error;
  return new GatewatchError("SOURCE_FAILED", `source ${name}: ${kafkaTrouble(error)}: ${errorText(error)}`, {
    remedy: `Check that ${brokers.join(", ")} can be reached, and that the user may read the topic and use groups.`,
    cause: error,
  });
}
