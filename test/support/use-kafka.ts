import type { Kafka } from "kafkajs";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { silentLog } from "../../src/log.ts";
import { createKafkaClient } from "../../src/source/kafka-client.ts";
import { type KafkaBroker, startKafka } from "./kafka-broker.ts";

/** A broker for all tests of a file, and a client of it; the tests are skipped by name where it can't be had. */
export function useKafka(): { readonly broker: KafkaBroker; readonly client: Kafka } {
  const kafka = {} as { broker: KafkaBroker; client: Kafka };
  let missing: string | undefined;
  beforeAll(async () => {
    const { broker, unavailableReason } = await startKafka();
    missing = unavailableReason;
    if (broker === undefined) return;
    const client = await createKafkaClient({ name: "test", tls: false, brokers: broker.brokers }, silentLog);
    Object.assign(kafka, { broker, client });
  });
  beforeEach(({ skip }) => skip(missing !== undefined, missing));
  afterAll(async () => kafka.broker?.stop());
  return kafka;
}
