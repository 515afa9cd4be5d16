import { expect, test } from "vitest";
import { type BenchReport, ratiosOf } from "../bench/bench-report.ts";
import { benchSummary, formatsTable } from "../scripts/bench-docs.ts";

const inMemory = {
  parse: 500_400,
  normalize: 250_200,
  detect: 100_000,
  pipeline: 90_000,
  fullPack: 50_040,
  twoThreads: 126_000,
};
const kafka = {
  kafkajsParse: 200_000,
  kafkaParse: 300_000,
  kafka: 60_000,
  kafkaFullPack: 30_000,
  twoProcesses: 135_000,
};
const load = { rate: 20_000, eventsPerSecond: 19_990, p50: 30, p99: 200, max: 300, n: 100, missed: 0, processes: [] };

const report: BenchReport = {
  machine: { processors: 2, node: "v24.21.0" },
  eventsPerSecond: { ...inMemory, ...kafka },
  ratio: ratiosOf(inMemory, kafka),
  ...{ peakMemoryMiB: 900, lines: 400_000, clients: 20_000, bytesPerLine: 487, rounds: 3, detections: 9 },
  bytesPerKey: 413,
  keys: { clients: 2_000_000, users: 2_000_000, rssMiB: 1_773, batchMs: { p50: 9, p999: 90, max: 66, cold: 266 } },
  latencyMs: { p50: 30, p99: 200, rate: 20_000, loads: [load], roles: { ...load, p50: 90, p99: 400 } },
  skipped: {},
  formats: {
    kong: { read: 2, normalize: 1.2, eventsPerSecond: 397_744 },
    "nginx-json": { read: 0.94, normalize: 0.5, eventsPerSecond: 475_149 },
    "nginx-combined": { read: 3, normalize: 1.1, eventsPerSecond: 820_658 },
  },
};

test("each figure of a run is in the summary, with what it is held against", () => {
  const summary = benchSummary(report);
  expect(summary).toContain("2 processors, Node 24; 400,000 nginx JSON lines of 487 bytes from 20,000 clients");
  expect(summary).toContain("| `JSON.parse` of each line, alone | 500,000 | 1.00 | `JSON.parse` |");
  expect(summary).toContain("| everything, with all detectors | 50,000 | 0.10 | `JSON.parse` |");
  expect(summary).toContain(
    "| from Kafka: everything, six detectors | 60,000 | 0.20 | the same client and `JSON.parse` |",
  );
  expect(summary).toContain("| with two threads, six detectors | 126,000 | 1.40 | one thread, from memory |");
  expect(summary).toContain("| from Kafka, two processes, six detectors | 135,000 | 1.50 | one thread, from memory |");
  expect(summary).toContain("0.94 to 2.00 times as fast");
  expect(summary).toContain(
    "413 bytes for each of 2,000,000 live clients and as many users, with every detector; the longest a batch of 500 events took was 66 ms, and 266 ms while",
  );
  expect(summary).toContain("at 20,000 lines a second (19,990 were read): half within 30 ms, 99 % within 200 ms.");
  expect(summary).toContain("split in roles, at 20,000 lines a second (19,990 were read): half within 90 ms, 99 % within 400 ms."); // prettier-ignore
});

test("what could not be measured is said, and attackers that got through too", () => {
  const roles = { skipped: "20000 lines a second are more than it reads here" };
  const missed = { p50: 30, p99: 200, rate: 20_000, loads: [{ ...load, n: 98, missed: 2 }], roles };
  const summary = benchSummary({ ...report, latencyMs: missed });
  expect(summary).toContain("2 of 100 attackers were not refused");
  expect(summary).not.toContain("split in roles");
  const bare = benchSummary({
    ...{ ...report, eventsPerSecond: inMemory, ratio: ratiosOf(inMemory, { skipped: "" }) },
    ...{ latencyMs: undefined, skipped: { kafka: "no Java here" } },
  });
  expect(bare).toContain("Not measured: kafka. no Java here");
  expect(bare).not.toContain("from Kafka");
});

test("formats have a row each, those of text marked", () => {
  expect(formatsTable(report).split("\n").slice(2)).toEqual([
    "| kong | 2.00 | 1.20 | 398,000 |",
    "| nginx-combined \\* | 3.00 | 1.10 | 821,000 |",
    "| nginx-json | 0.94 | 0.50 | 475,000 |",
  ]);
});
