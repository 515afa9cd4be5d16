import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { BenchReport } from "../../bench/bench-report.ts";
import { benchText } from "../../bench/bench-text.ts";
import { clientLoops } from "../../bench/client-loops.ts";
import { formatCases } from "../support/format-cases.ts";
import { startKafka } from "../support/kafka-broker.ts";
import { kcatMissing } from "../support/kcat.ts";

const run = promisify(execFile);

describe("npm run bench", () => {
  let report: BenchReport;
  beforeAll(async () => {
    const short = ["--lines", "2000", "--rounds", "1", "--chunks", "40", "--keys", "2000"];
    const options = ["--json", ...short, "--rates", "300", "--attackers", "3"];
    const { stdout } = await run(process.execPath, ["bench/bench.ts", ...options]);
    report = JSON.parse(stdout) as BenchReport;
    // A minute on a quiet machine.
  }, 600_000);

  test("has a row for each stage", () => {
    const { eventsPerSecond, ratio, peakMemoryMiB, bytesPerKey, keys } = report;
    const stages = ["normalize", "detect", "pipeline", "fullPack"] as const;
    for (const stage of stages) {
      expect(eventsPerSecond[stage]).toBeGreaterThan(0);
      expect(ratio[stage]).toBeCloseTo(eventsPerSecond[stage] / eventsPerSecond.parse, 2);
    }
    expect(ratio.twoCores).toBeCloseTo(eventsPerSecond.twoThreads / eventsPerSecond.pipeline, 2);
    expect(peakMemoryMiB).toBeGreaterThan(0);
    expect(bytesPerKey).toBeGreaterThan(0);
    expect(keys).toMatchObject({ clients: 2_000, users: 2_000 });
  });

  test("has a row for each format, and JSON is mostly read as fast as it is parsed", () => {
    const { formats } = report;
    expect(Object.keys(formats)).toEqual(formatCases.map(({ id }) => id));
    for (const figures of Object.values(formats)) {
      for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);
    }
    // Of single formats the shortened bench tells little on a busy machine; of half of them together it does.
    const jsonFormats = formatCases.filter(({ format }) => format.kind === "json");
    const reads = jsonFormats.map(({ id }) => formats[id]!.read).toSorted((a, b) => a - b);
    expect(reads[Math.floor(reads.length / 2)]).toBeGreaterThan(0.8);
  });

  test("has rows for lines in Kafka, held against a loop with the same client", (context) => {
    context.skip(report.skipped.kafka !== undefined, report.skipped.kafka);
    const { eventsPerSecond, ratio } = report;
    expect(ratio.kafka).toBeCloseTo(eventsPerSecond.kafka! / eventsPerSecond.kafkaParse!, 2);
    expect(ratio.kafkaFullPack).toBeGreaterThan(0);
    expect(ratio.twoProcesses).toBeCloseTo(eventsPerSecond.twoProcesses! / eventsPerSecond.pipeline, 2);
    expect(eventsPerSecond.kafkajsParse).toBeGreaterThan(0);
  });

  test("tells how soon an attacker is refused, at each load", (context) => {
    context.skip(report.skipped.latency !== undefined, report.skipped.latency);
    const { p50, p99, rate, loads, roles } = report.latencyMs!;
    expect(rate).toBe(300);
    expect(loads).toMatchObject([{ rate: 300, p50, p99, n: 3, missed: 0 }]);
    expect(p99).toBeGreaterThanOrEqual(p50);
    expect(roles).toMatchObject({ rate: 300, n: 3, missed: 0 });
    const names = "skipped" in roles ? [] : roles.processes.map(({ name }) => name);
    expect(names).toEqual(["ingest", "detect", "respond", "gate"]);
  });

  test("is told in tables, too, and what is missing is not", () => {
    const { kafkaParse: _one, kafka: _two, ...figures } = report.eventsPerSecond;
    const text = benchText({ ...report, eventsPerSecond: figures, skipped: { kafka: "no Java here" } });
    expect(text).toMatch(/^everything, with all detectors {12}.*JSON\.parse$/m);
    expect(text).not.toContain("from Kafka: JSON.parse");
    expect(text).toContain("kafka: not measured, no Java here");
  });
});

test("clients of Kafka are compared", async (context) => {
  const missing = kcatMissing() ?? (await kafkaMissing());
  context.skip(missing !== undefined, missing);
  const options = ["bench/clients.ts", "--json", "--records", "2000", "--rounds", "1", "--codecs", "lz4"];
  const { stdout } = await run(process.execPath, options);
  const { rows } = JSON.parse(stdout) as { rows: { client: string; parse: boolean; recordsPerSecond: number }[] };
  expect(rows.map(({ client, parse }) => `${client} ${parse}`)).toEqual([
    "kcat false",
    ...Object.keys(clientLoops).flatMap((client) => [`${client} false`, `${client} true`]),
  ]);
  for (const { recordsPerSecond } of rows) expect(recordsPerSecond).toBeGreaterThan(0);
});

test("commits of tallies are timed, by the number of parts", async (context) => {
  const missing = await kafkaMissing();
  context.skip(missing !== undefined, missing);
  const options = ["bench/commits.ts", "--json", "--parts", "2,8", "--commits", "10"];
  const { stdout } = await run(process.execPath, options);
  const rows = JSON.parse(stdout) as { parts: number; p50: number; p99: number }[];
  expect(rows.map(({ parts }) => parts)).toEqual([2, 8]);
  for (const { p50, p99 } of rows) expect(p99).toBeGreaterThanOrEqual(p50);
});

test("the bench of keys tells memory, keys that gave way and stalls", async () => {
  const options = ["bench/keys.ts", "--json", "--keys", "4000"];
  const { stdout } = await run(process.execPath, options);
  const report = JSON.parse(stdout) as {
    rssMiB: number;
    bytesPerKey: number;
    evicted: object;
    batchMs: { max: number };
  };
  expect(report).toMatchObject({ clients: 4_000, users: 4_000 });
  expect(report.rssMiB).toBeGreaterThan(50);
  expect(report.batchMs.max).toBeGreaterThan(0);
  // Tables are a little larger than what is to live in them.
  for (const evicted of Object.values(report.evicted)) expect(evicted).toBeLessThan(400);
});

// helpers

async function kafkaMissing(): Promise<string | undefined> {
  const { broker, unavailableReason } = await startKafka();
  await broker?.stop();
  return unavailableReason;
}
