import kafkajs from "kafkajs";
import { sleep, type Clock } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import { kafkaTrouble } from "../source/kafka-client.ts";
import { GatheringSink } from "./gathering-sink.ts";
import type { SimulatedRecord } from "./simulation.ts";
import type { Sink } from "./sink.ts";

/** Of lines in one request: brokers take a megabyte by default, with a few bytes around each. */
const bytesPerRequest = 800_000;

/** How often the same lines are sent at most, each of which kafkajs tries for two seconds, and how long between. */
const tries = 20;
const waitMs = 1_000;

/**
 * Connects to a topic: one record a line, with the event's time, spread over the partitions without a key, as
 * shippers do. Brokers that aren't there, and a topic that isn't, are errors at once; a broker that goes
 * away later is waited for.
 */
export async function kafkaSink(
  { brokers, topic }: { readonly brokers: readonly string[]; readonly topic: string },
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Sink> {
  const client = new kafkajs.Kafka({
    clientId: "gatewatch-simulate",
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 3 },
  });
  const producer = client.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  const failed = (cause: unknown) => takesNot(`Kafka at ${brokers.join(",")} does not take topic ${topic}`, cause);
  try {
    if (!(await topicsOf(client)).includes(topic)) throw new Error("there is no such topic");
    await producer.connect();
  } catch (cause) {
    throw failed(cause);
  }
  const send = async (messages: kafkajs.Message[]) => {
    for (let tried = 1; ; tried++) {
      try {
        await producer.send({ topic, messages, acks: -1 });
        return;
      } catch (cause) {
        if (tried === tries || signal.aborted || !mayPass(cause)) throw failed(cause);
      }
      await sleep(clock, waitMs, signal);
    }
  };
  const sendAll = async (records: readonly SimulatedRecord[]) => {
    for (const messages of requestsOf(records)) await send(messages);
  };
  return new GatheringSink({ send: sendAll, disconnect: () => producer.disconnect() });
}

// helpers

async function topicsOf(client: kafkajs.Kafka): Promise<string[]> {
  const admin = client.admin();
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

/** A broker is away, or partitions have no leader; what is refused for good has other names. */
function mayPass(error: unknown): boolean {
  return error instanceof kafkajs.KafkaJSNumberOfRetriesExceeded || kafkaTrouble(error) === "broker_unreachable";
}

function* requestsOf(records: readonly SimulatedRecord[]): Iterable<kafkajs.Message[]> {
  let messages: kafkajs.Message[] = [];
  let bytes = 0;
  for (const { line, time } of records) {
    if (bytes + line.length > bytesPerRequest && messages.length > 0) {
      yield messages;
      [messages, bytes] = [[], 0];
    }
    messages.push({ value: Buffer.from(line, "latin1"), timestamp: String(time) });
    bytes += line.length;
  }
  if (messages.length > 0) yield messages;
}

function takesNot(what: string, cause: unknown): GatewatchError {
  const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
  return new GatewatchError("COMMAND_FAILED", `${what}: ${why}.`, {
    remedy: "Check that the brokers run, listen without TLS and sign-in, and have the topic.",
    cause,
  });
}
