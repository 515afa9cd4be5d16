import type { BenchReport, Ratio } from "./bench-report.ts";
import { benchedFormats } from "./formats.ts";
import type { LoadFigures } from "./measure-loads.ts";
import { loadText } from "./process-load.ts";

/** The report as tables for people. */
export function benchText(report: BenchReport): string {
  const { lines, bytesPerLine, clients, rounds, detections, peakMemoryMiB, skipped } = report;
  return [
    `${lines} nginx-json lines of ${bytesPerLine} bytes, ${clients.toLocaleString("en")} clients, best of ${rounds} rounds`,
    "",
    ...stageTable(report),
    "",
    `${detections} sealed detections in a round; peak memory ${peakMemoryMiB} MiB`,
    "",
    ...keysAndLatency(report),
    ...Object.entries(skipped).map(([part, reason]) => `${part}: not measured, ${reason}`),
    "",
    ...formatTable(report),
  ].join("\n");
}

/** A row of the first table: what runs, its figure, and its ratio to what. */
export interface StageRow {
  readonly name: string;
  readonly eventsPerSecond: number;
  readonly ratio: number;
  readonly of: string;
}

/** Rows of what was measured. */
export function stageRows({ eventsPerSecond, ratio }: BenchReport): StageRow[] {
  const of = { memory: "JSON.parse", kafka: "the same client and JSON.parse", pipeline: "one thread, from memory" };
  const rows: [name: string, figure: keyof BenchReport["eventsPerSecond"], ratio: Ratio | undefined, of: string][] = [
    ["JSON.parse of each line, alone", "parse", undefined, of.memory],
    ["normalize", "normalize", "normalize", of.memory],
    ["normalize and detect, six detectors", "detect", "detect", of.memory],
    ["everything, to the embedded store", "pipeline", "pipeline", of.memory],
    ["everything, with all detectors", "fullPack", "fullPack", of.memory],
    ["with two threads, six detectors", "twoThreads", "twoCores", of.pipeline],
    ["from Kafka: JSON.parse of each record", "kafkaParse", undefined, of.kafka],
    ["from Kafka: everything, six detectors", "kafka", "kafka", of.kafka],
    ["from Kafka: everything, all detectors", "kafkaFullPack", "kafkaFullPack", of.kafka],
    ["from Kafka, two processes, six detectors", "twoProcesses", "twoProcesses", of.pipeline],
  ];
  return rows.flatMap(([name, figure, by, against]) => {
    const value = eventsPerSecond[figure];
    return value === undefined ? [] : [{ name, eventsPerSecond: value, ratio: by === undefined ? 1 : ratio[by]!, of: against }]; // prettier-ignore
  });
}

// helpers

function stageTable(report: BenchReport): string[] {
  const heading = "what runs                                  events/s   ratio to";
  const rows = stageRows(report).map(({ name, eventsPerSecond, ratio, of }) => {
    const perSecond = eventsPerSecond.toLocaleString("en").padStart(9);
    return `${name.padEnd(41)} ${perSecond}   ${ratio.toFixed(2)} ${of}`;
  });
  return [heading, ...rows];
}

function keysAndLatency({ bytesPerKey, keys, latencyMs }: BenchReport): string[] {
  const { batchMs } = keys;
  return [
    `${keys.clients.toLocaleString("en")} clients and as many users: ${bytesPerKey} bytes a key; a batch of 500 took ${batchMs.p50} ms, at most ${batchMs.max} ms (${batchMs.cold} ms cold)`,
    ...(latencyMs?.loads ?? []).map(latencyText),
    ...(latencyMs ? ["skipped" in latencyMs.roles ? `roles: ${latencyMs.roles.skipped}` : `roles: ${latencyText(latencyMs.roles)}`] : []), // prettier-ignore
  ];
}

function latencyText({ eventsPerSecond, p50, p99, max, n, missed, processes }: LoadFigures): string {
  const lost = missed > 0 ? `, ${missed} not refused` : "";
  return `refused after p50 ${p50} ms, p99 ${p99} ms, at most ${max} ms, at ${eventsPerSecond.toLocaleString("en")} events/s (${n} attackers${lost}; ${loadText(processes)})`;
}

function formatTable({ formats }: BenchReport): string[] {
  const texts = new Set(benchedFormats.filter(({ kind }) => kind === "text").map(({ id }) => id));
  return [
    "Each format; * text, held against JSON.parse of nginx's JSON",
    "",
    "format                   read   normalize (of JSON.parse)   events/s",
    ...Object.entries(formats).map(([id, { read, normalize, eventsPerSecond }]) => {
      const name = `${id}${texts.has(id) ? " *" : ""}`.padEnd(24);
      const perSecond = eventsPerSecond.toLocaleString("en").padStart(9);
      return `${name} ${read.toFixed(2)}   ${normalize.toFixed(2).padEnd(25)} ${perSecond}`;
    }),
  ];
}
