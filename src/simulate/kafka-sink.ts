import kafkajs from "kafkajs";
import { GatewatchError } from "../errors.ts";
import type { SimulatedRecord } from "./simulation.ts";
import type { Sink } from "./sink.ts";

/** Records in one request: brokers take a megabyte by default, and a line is half a kilobyte. */
const recordsPerRequest = 1_000;

/**
 * Connects to a topic: one record a line, with the event's time, spread over the partitions without a key, as
 * shippers do.
 */
export async function kafkaSink(brokers: readonly string[], topic: string): Promise<Sink> {
  const failed = (cause: unknown) =>
    new GatewatchError(
      "COMMAND_FAILED",
      `Kafka at ${brokers.join(",")} does not take topic ${topic}: ${textOf(cause)}.`,
      {
        remedy: "Check that the brokers run, listen without TLS and sign-in, and have the topic.",
        cause,
      },
    );
  const client = new kafkajs.Kafka({
    clientId: "gatewatch-simulate",
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 4 },
  });
  const producer = client.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await producer.connect().catch((cause: unknown) => {
    throw failed(cause);
  });
  return {
    async write(records) {
      for (let from = 0; from < records.length; from += recordsPerRequest) {
        const messages = records.slice(from, from + recordsPerRequest).map(messageOf);
        await producer.send({ topic, messages, acks: -1 }).catch((cause: unknown) => {
          throw failed(cause);
        });
      }
    },
    close: () => producer.disconnect(),
  };
}

// helpers

function messageOf({ line, time }: SimulatedRecord) {
  return { value: Buffer.from(line, "latin1"), timestamp: String(time) };
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
