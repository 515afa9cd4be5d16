// `npm run bench:clients`: clients of Kafka compared, on one broker and the same topics. bench/README.md says
// how to read it, docs/decisions/0013-kafka-client.md what came of it.
import { parseArgs } from "node:util";
import { startKafka } from "../test/support/kafka-broker.ts";
import { type Codec, codecs, kcatMissing } from "../test/support/kcat.ts";
import { type ClientLoop, clientLoops } from "./client-loops.ts";
import { fillTopic } from "./kafka-topic.ts";
import { type KafkaTime, readTopic, readWithKcat } from "./read-topic.ts";
import { benchLines } from "./traffic.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    records: { type: "string" },
    rounds: { type: "string" },
    codecs: { type: "string" },
  },
});
const records = Number(values.records ?? 500_000);
const rounds = Number(values.rounds ?? 3);
const asked = (values.codecs?.split(",") ?? codecs.filter((codec) => codec !== "snappy")) as Codec[];
const partitions = 12;
const heading = "client                                     records/s     MB/s   records/s of processor time";

const missing = kcatMissing();
const { broker, unavailableReason } = await startKafka();
if (missing !== undefined || !broker) throw new Error(missing ?? unavailableReason);
try {
  const lines = benchLines({ lines: records, clients: 20_000 });
  const report = [];
  for (const codec of asked) report.push(...(await measure(codec, lines)));
  if (values.json) console.log(JSON.stringify({ records, partitions, rows: report }));
} finally {
  await broker.stop();
}

// helpers

async function measure(codec: Codec, lines: readonly string[]) {
  const at = { broker: broker!.brokers[0]!, topic: `logs-${codec}` };
  await broker!.createTopic(at.topic, partitions);
  await fillTopic({ ...at, partitions, codec, lines });
  const bytes = lines.reduce((total, line) => total + Buffer.byteLength(line), 0);
  if (!values.json) console.log(`\n${records} records of ${Math.round(bytes / records)} bytes, ${codec}, ${partitions} partitions, best of ${rounds}\n\n${heading}`); // prettier-ignore
  const rows = [row("kcat", false, { codec, time: await best(() => readWithKcat(at)), bytes })];
  for (const client of Object.keys(clientLoops) as ClientLoop[]) {
    for (const parse of [false, true]) {
      const time = await best(() => readTopic({ kind: "client", client, parse, records, ...at }));
      rows.push(row(client, parse, { codec, time, bytes }));
    }
  }
  return rows;
}

function row(client: string, parse: boolean, { codec, time, bytes }: { codec: Codec; time: KafkaTime; bytes: number }) {
  const figures = {
    recordsPerSecond: Math.round((records / time.ms) * 1000),
    megabytesPerSecond: Math.round(bytes / time.ms / 1000),
    recordsPerCpuSecond: Math.round((records / time.cpuMs) * 1000),
  };
  const [perSecond, megabytes, perCpu] = Object.values(figures).map((figure) => figure.toLocaleString("en"));
  const name = `${client}${parse ? ", JSON.parse" : ""}`;
  if (!values.json) console.log(`${name.padEnd(42)} ${perSecond!.padStart(9)} ${megabytes!.padStart(8)} ${perCpu!.padStart(12)}`); // prettier-ignore
  return { codec, client, parse, ...figures };
}

/** The least time, and the least processor time: other processes take from both. */
async function best(run: () => Promise<KafkaTime>): Promise<KafkaTime> {
  const times: KafkaTime[] = [];
  for (let round = 0; round < rounds; round++) times.push(await run());
  const least = (of: "ms" | "cpuMs") => Math.min(...times.map((time) => time[of]));
  return { ms: least("ms"), cpuMs: least("cpuMs"), bytes: times[0]!.bytes };
}
