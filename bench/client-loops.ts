import { randomUUID } from "node:crypto";
import { Consumer as PlatformaticConsumer, MessagesStreamModes } from "@platformatic/kafka";
import kafkajs, { type Kafka } from "kafkajs";
import { silentLog } from "../src/log.ts";
import { createKafkaClient } from "../src/source/kafka-client.ts";
import { registerKafkaCodecs } from "../src/source/kafka-codecs.ts";
import { fetchSizes } from "../src/source/kafka-fetch.ts";

export interface Reading {
  readonly broker: string;
  readonly topic: string;
  /** Ends once so many records were taken. */
  readonly records: number;
  readonly take: (value: Buffer) => void;
  /** Called when partitions are assigned: time counts from here. */
  readonly onBegin: () => void;
}

/** Bare loops that read a topic from its beginning; each resolves with the last record. */
export const clientLoops = {
  kafkajs: (reading: Reading) => readWithKafkajs(plainKafkajs(reading.broker), reading),
  "kafkajs, small fetches": (reading: Reading) => readWithKafkajs(plainKafkajs(reading.broker), reading, fetchSizes),
  /** kafkajs as a Kafka source uses it: with its own decoding of record batches. */
  gatewatch: async (reading: Reading) => {
    const config = { name: "bench", brokers: [reading.broker], tls: false };
    return readWithKafkajs(await createKafkaClient(config, silentLog), reading, fetchSizes);
  },
  "@platformatic/kafka": (reading: Reading) =>
    readWithPlatformatic(reading, { maxBytesPerPartition: 1024 ** 2, maxBytes: 10 * 1024 ** 2 }),
  "@platformatic/kafka, small fetches": (reading: Reading) => readWithPlatformatic(reading, fetchSizes),
} as const satisfies Record<string, (reading: Reading) => Promise<void>>;

export type ClientLoop = keyof typeof clientLoops;

// helpers

const maxWaitMs = 250;

function plainKafkajs(broker: string): Kafka {
  return new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING });
}

/** kafkajs asks for 1 MiB of a partition and 10 MiB in all unless told otherwise. */
async function readWithKafkajs(client: Kafka, reading: Reading, sizes?: typeof fetchSizes): Promise<void> {
  const { topic, records, take, onBegin } = reading;
  registerKafkaCodecs();
  const consumer = client.consumer({ groupId: randomUUID(), maxWaitTimeInMs: maxWaitMs, ...sizes });
  const done = Promise.withResolvers<void>();
  let taken = 0;
  await consumer.connect();
  consumer.on(consumer.events.GROUP_JOIN, onBegin);
  // A broker that has just started may still load its groups: kafkajs tries again.
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) done.reject(payload.error);
  });
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch: { messages } }) => {
      for (const { value } of messages) if (value !== null) take(value);
      taken += messages.length;
      if (taken >= records) done.resolve();
      return Promise.resolve();
    },
  });
  await done.promise;
  await consumer.disconnect();
}

async function readWithPlatformatic(reading: Reading, sizes: typeof fetchSizes): Promise<void> {
  const { broker, topic, records, take, onBegin } = reading;
  const consumer = new PlatformaticConsumer({ groupId: randomUUID(), clientId: "bench", bootstrapBrokers: [broker] });
  const mode = MessagesStreamModes.EARLIEST;
  const stream = await consumer.consume({ topics: [topic], mode, autocommit: false, maxWaitTime: maxWaitMs, ...sizes });
  onBegin();
  const done = Promise.withResolvers<void>();
  let taken = 0;
  stream.on("error", done.reject);
  stream.on("data", ({ value }: { value: Buffer }) => {
    take(value);
    if (++taken === records) done.resolve();
  });
  await done.promise;
  await consumer.close(true);
}
