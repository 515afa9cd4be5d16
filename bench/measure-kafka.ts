import { startKafka } from "../test/support/kafka-broker.ts";
import { kcatMissing } from "../test/support/kcat.ts";
import { fillTopic } from "./kafka-topic.ts";
import { type KafkaTask, readTopic } from "./read-topic.ts";

/** The ways in which lines in Kafka are read, each in a process of its own; two of them for `twoProcesses`. */
export type KafkaWay = "kafkajsParse" | "kafkaParse" | "kafka" | "kafkaFullPack" | "twoProcesses";

/** Events a second, the best round of each; or why nothing was measured. */
export type KafkaFigures = Readonly<Record<KafkaWay, number>> | { readonly skipped: string };

const partitions = 12;

/** The same lines in a topic of a real broker, read in each way in turns, so many times. */
export async function measureKafka(lines: readonly string[], rounds: number): Promise<KafkaFigures> {
  const missing = kcatMissing();
  if (missing !== undefined) return { skipped: missing };
  const { broker, unavailableReason } = await startKafka();
  if (!broker) return { skipped: unavailableReason };
  try {
    const fill = async (topic: string, some: readonly string[], count: number) => {
      await broker.createTopic(topic, count);
      await fillTopic({ broker: broker.brokers[0]!, topic, partitions: count, codec: "none", lines: some });
      return { broker: broker.brokers[0]!, topic, records: some.length };
    };
    const whole = await fill("lines", lines, partitions);
    // Every other 1,000 lines: both halves are as long, in time too.
    const halfOf = (half: number) => lines.filter((_line, i) => Math.floor(i / 1_000) % 2 === half);
    const halves = [await fill("half-0", halfOf(0), partitions / 2), await fill("half-1", halfOf(1), partitions / 2)];
    const six = { kind: "pipeline", pack: "six" } as const;
    const parse = { kind: "client", parse: true } as const;
    const ways: Record<KafkaWay, readonly KafkaTask[]> = {
      kafkajsParse: [{ ...whole, ...parse, client: "kafkajs" }],
      kafkaParse: [{ ...whole, ...parse, client: "gatewatch" }],
      kafka: [{ ...whole, ...six }],
      kafkaFullPack: [{ ...whole, kind: "pipeline", pack: "all" }],
      twoProcesses: halves.map((half) => ({ ...half, ...six })),
    };
    const best: Record<KafkaWay, number> = {
      kafkajsParse: 0,
      kafkaParse: 0,
      kafka: 0,
      kafkaFullPack: 0,
      twoProcesses: 0,
    };
    for (let round = 0; round < rounds; round++) {
      for (const way of Object.keys(best) as KafkaWay[]) {
        const times = await Promise.all(ways[way].map(readTopic));
        const slowest = Math.max(...times.map(({ ms }) => ms));
        best[way] = Math.max(best[way], Math.round((lines.length / slowest) * 1000));
      }
    }
    return best;
  } finally {
    await broker.stop();
  }
}
