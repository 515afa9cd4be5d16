// `npm run bench:commits`: how long a transaction takes that writes one tally for each part of the keys together with the
// consumed offset, on one broker; docs/scaling.md reckons with it.
import { parseArgs } from "node:util";
import kafkajs from "kafkajs";
import { TransactionalProducer } from "../src/cluster/transactional-producer.ts";
import { eventually } from "../test/support/eventually.ts";
import { startKafka } from "../test/support/kafka-broker.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    parts: { type: "string" },
    bytes: { type: "string" },
    commits: { type: "string" },
  },
});
const partCounts = (values.parts ?? "4,16,64").split(",").map(Number);
/** Of one tally. */
const bytes = Number(values.bytes ?? 30_000);
const commits = Number(values.commits ?? 60);

const { broker, unavailableReason } = await startKafka();
if (!broker) throw new Error(unavailableReason);
try {
  const client = new kafkajs.Kafka({ brokers: broker.brokers, logLevel: kafkajs.logLevel.NOTHING });
  await broker.createTopic("logs", 1);
  await untilGroupsAreKept(client);
  const rows = [];
  for (const parts of partCounts) rows.push({ parts, bytes, ...(await measure(client, parts)) });
  if (values.json) console.log(JSON.stringify(rows));
  else for (const { parts, p50, p99 } of rows) console.log(`${String(parts).padStart(4)} tallies of ${bytes} bytes: half of the commits within ${p50} ms, 99 % within ${p99} ms`); // prettier-ignore
} finally {
  await broker.stop();
}

// helpers

/** A broker that has just started makes its topic of groups when one is asked for, and refuses until that is loaded. */
async function untilGroupsAreKept(client: kafkajs.Kafka): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  const isKept = () => admin.fetchOffsets({ groupId: "bench", topics: ["logs"] }).then(Boolean, () => false);
  await eventually("groups to be kept", isKept);
  await admin.disconnect();
}

/** Commits one after the other; the first tenth, of cold code and new partitions, is left out. */
async function measure(client: kafkajs.Kafka, parts: number) {
  const topic = `tallies-${parts}`;
  await broker!.createTopic(topic, parts);
  const producer = new TransactionalProducer(client, topic);
  await producer.open();
  const value = Buffer.alloc(bytes, "tally");
  const messages = Array.from({ length: parts }, (_, partition) => ({ topic, partition, key: "edge:logs/0", value }));
  const took: number[] = [];
  for (let i = 0; i < commits; i++) {
    const started = performance.now();
    await producer.commit({ messages, offsets: [{ group: "bench", topic: "logs", partition: 0, offset: String(i) }] });
    if (i >= commits / 10) took.push(performance.now() - started);
  }
  await producer.close();
  took.sort((a, b) => a - b);
  const at = (share: number) => Math.round(took[Math.ceil(took.length * share) - 1]! * 10) / 10;
  return { p50: at(0.5), p99: at(0.99) };
}
