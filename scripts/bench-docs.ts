import type { BenchReport } from "../bench/bench-report.ts";
import { stageRows } from "../bench/bench-text.ts";
import { benchedFormats } from "../bench/formats.ts";

/** The figures of the README: stages, memory for each key, latency. */
export function benchSummary(report: BenchReport): string {
  const { machine, lines, bytesPerLine, clients, rounds } = report;
  const node = machine.node.split(".")[0]!.slice(1);
  return [
    `${machine.processors} processors, Node ${node}; ${many(lines)} nginx JSON lines of ${bytesPerLine} bytes from ${many(clients)} clients, the best of ${rounds} rounds:`,
    stagesTable(report),
    [formatsLine(report), keysLine(report), ...latencyLines(report), ...skippedLines(report)].map((line) => `- ${line}`).join("\n"), // prettier-ignore
  ].join("\n\n");
}

/** A row for each format. */
export function formatsTable({ formats }: BenchReport): string {
  const rows = benchedFormats.flatMap(({ id, kind }) => {
    const figures = formats[id];
    if (figures === undefined) return [];
    const { read, normalize, eventsPerSecond } = figures;
    return [`| ${id}${kind === "text" ? " \\*" : ""} | ${read.toFixed(2)} | ${normalize.toFixed(2)} | ${thousands(eventsPerSecond)} |`]; // prettier-ignore
  });
  return ["| format | read | normalize | events/s |", "| --- | --: | --: | --: |", ...rows].join("\n");
}

// helpers

function stagesTable(report: BenchReport): string {
  const rows = stageRows(report).map(({ name, eventsPerSecond, ratio, of }) => {
    return `| ${name.replace("JSON.parse", "`JSON.parse`")} | ${thousands(eventsPerSecond)} | ${ratio.toFixed(2)} | ${of.replace("JSON.parse", "`JSON.parse`")} |`;
  });
  return ["| | events/s | ratio | to |", "| --- | --: | --: | --- |", ...rows].join("\n");
}

function formatsLine({ formats }: BenchReport): string {
  const json = benchedFormats.filter(({ kind }) => kind === "json");
  const reads = json.flatMap(({ id }) => formats[id]?.read ?? []).toSorted((a, b) => a - b);
  return `Reading what a format of JSON needs of a line, all of it checked and converted: ${reads[0]?.toFixed(2)} to ${reads.at(-1)?.toFixed(2)} times as fast as \`JSON.parse\` alone.`;
}

function keysLine({ bytesPerKey, keys }: BenchReport): string {
  return `Memory: ${bytesPerKey} bytes for each of ${many(keys.clients)} live clients and as many users, with every detector; the longest a batch of 500 events took was ${keys.batchMs.max} ms, and ${keys.batchMs.cold} ms while its code was still being compiled.`;
}

function latencyLines({ latencyMs }: BenchReport): string[] {
  if (latencyMs === undefined) return [];
  const { loads, roles } = latencyMs;
  return [...loads, ...("skipped" in roles ? [] : [roles])].map((load) => {
    const { rate, eventsPerSecond, p50, p99, missed, n } = load;
    const lost = missed === 0 ? "" : ` ${missed} of ${missed + n} attackers were not refused within ten seconds.`;
    const whose = load === roles ? " split in roles," : "";
    return `From a line in Kafka to its client refused,${whose} at ${many(rate)} lines a second (${many(eventsPerSecond)} were read): half within ${p50} ms, 99 % within ${p99} ms.${lost}`;
  });
}

function skippedLines({ skipped }: BenchReport): string[] {
  return Object.entries(skipped).map(([part, reason]) => `Not measured: ${part}. ${reason}`);
}

/** What changes with every run is rounded. */
function thousands(perSecond: number): string {
  return many(Math.round(perSecond / 1000) * 1000);
}

function many(count: number): string {
  return count.toLocaleString("en");
}
