import type { FormatFigures } from "./formats.ts";
import type { KafkaFigures, KafkaWay } from "./measure-kafka.ts";
import type { MeasuredLoads } from "./measure-loads.ts";
import type { Stage, StageFigures } from "./measure-stages.ts";

export type Ratio = Exclude<Stage, "parse" | "twoThreads"> | "twoCores" | "kafka" | "kafkaFullPack" | "twoProcesses";

/** What `npm run -s bench -- --json` prints. */
export interface BenchReport {
  readonly machine: { readonly processors: number; readonly node: string };
  readonly eventsPerSecond: Readonly<Record<Stage, number>> & Partial<Readonly<Record<KafkaWay, number>>>;
  /** Those from Kafka are missing where it could not be started. */
  readonly ratio: Partial<Readonly<Record<Ratio, number>>>;
  readonly peakMemoryMiB: number;
  readonly lines: number;
  /** Different clients in the lines. */
  readonly clients: number;
  readonly bytesPerLine: number;
  readonly rounds: number;
  readonly detections: number;
  /** Of each live client and user, with every detector. */
  readonly bytesPerKey: number;
  readonly keys: {
    readonly clients: number;
    readonly users: number;
    readonly rssMiB: number;
    /** `cold`: the longest of the first, while code is compiled; the others are of what came after. */
    readonly batchMs: { readonly p50: number; readonly p999: number; readonly max: number; readonly cold: number };
  };
  readonly latencyMs: MeasuredLoads | undefined;
  /** Parts that could not be measured, and why. */
  readonly skipped: { readonly kafka?: string; readonly latency?: string };
  readonly formats: Readonly<Record<string, FormatFigures>>;
}

/**
 * Lines in memory are held against `JSON.parse` of them; lines in Kafka against a loop that reads them with the same
 * client and parses each; two threads, and two processes, against one that reads from memory.
 */
export function ratiosOf(inMemory: StageFigures["eventsPerSecond"], kafka: KafkaFigures): BenchReport["ratio"] {
  const { parse, twoThreads, ...stages } = inMemory;
  const of = (figure: number, yardstick: number) => Number((figure / yardstick).toFixed(3));
  const ratios = {
    ...Object.fromEntries(Object.entries(stages).map(([stage, figure]) => [stage, of(figure, parse)])),
    twoCores: of(twoThreads, inMemory.pipeline),
  };
  if ("skipped" in kafka) return ratios;
  return {
    ...ratios,
    kafka: of(kafka.kafka, kafka.kafkaParse),
    kafkaFullPack: of(kafka.kafkaFullPack, kafka.kafkaParse),
    twoProcesses: of(kafka.twoProcesses, inMemory.pipeline),
  };
}
