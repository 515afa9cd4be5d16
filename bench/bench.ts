// `npm run bench`: how fast each stage is, from memory and from Kafka, and each format, as a ratio to a bare loop over
// the same lines in the same run, so that the figures of two machines, or of a noisy one, can be compared; what a key
// costs, and how soon an attacker is refused. bench/README.md says how to read it.
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { benchText } from "./bench-text.ts";
import { type BenchReport, ratiosOf } from "./bench-report.ts";
import { measureFormats } from "./formats.ts";
import { type KafkaFigures, measureKafka } from "./measure-kafka.ts";
import { type LoadLatency, measureLoads } from "./measure-loads.ts";
import { measureStages } from "./measure-stages.ts";
import { benchLines } from "./traffic.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    ...{ lines: { type: "string" }, rounds: { type: "string" }, chunks: { type: "string" } },
    ...{ keys: { type: "string" }, rates: { type: "string" }, attackers: { type: "string" } },
  },
});
const lineCount = Number(values.lines ?? 400_000);
const rounds = Number(values.rounds ?? 3);
const chunks = Number(values.chunks ?? 160);
const keyCount = Number(values.keys ?? 2_000_000);
const rates = (values.rates ?? "1000,20000").split(",").map(Number);
const attackers = Number(values.attackers ?? 100);
const clients = 20_000;

const lines = benchLines({ lines: lineCount, clients });
const bytes = lines.reduce((total, line) => total + line.length, 0) / lines.length;
const { eventsPerSecond, peakMemoryMiB, detections } = await measureStages(lines, rounds);
const kafka: KafkaFigures = await measureKafka(lines, rounds);
const formats = await measureFormats(chunks, () => {});
const { bytesPerKey, ...keys } = await measureKeys();
const latency: LoadLatency = await measureLoads({ rates, attackers });

const report: BenchReport = {
  machine: { processors: availableParallelism(), node: process.version },
  eventsPerSecond: { ...eventsPerSecond, ...("skipped" in kafka ? {} : kafka) },
  ratio: ratiosOf(eventsPerSecond, kafka),
  ...{ peakMemoryMiB, lines: lineCount, clients, bytesPerLine: Math.round(bytes), rounds, detections },
  ...{ bytesPerKey, keys },
  latencyMs: "skipped" in latency ? undefined : latency,
  skipped: {
    ...("skipped" in kafka && { kafka: kafka.skipped }),
    ...("skipped" in latency && { latency: latency.skipped }),
  },
  formats,
};
console.log(values.json ? JSON.stringify(report) : benchText(report));

// helpers

/** In a process of its own: memory is its figure. */
async function measureKeys(): Promise<BenchReport["keys"] & { bytesPerKey: number }> {
  const script = join(import.meta.dirname, "keys.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--json", "--keys", String(keyCount)]);
  return JSON.parse(stdout) as BenchReport["keys"] & { bytesPerKey: number };
}
