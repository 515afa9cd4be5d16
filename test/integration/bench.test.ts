import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { formatCases } from "../support/format-cases.ts";

interface BenchReport {
  readonly eventsPerSecond: Record<string, number>;
  readonly ratio: Record<string, number>;
  readonly peakMemoryMiB: number;
  readonly formats: Record<string, { read: number; normalize: number; eventsPerSecond: number }>;
}

test("the bench has a row for each stage and each format, and JSON is mostly read as fast as it is parsed", async () => {
  const options = ["--json", "--lines", "2000", "--rounds", "1", "--chunks", "40"];
  const { stdout } = await promisify(execFile)(process.execPath, ["bench/bench.ts", ...options]);
  const { eventsPerSecond, ratio, peakMemoryMiB, formats } = JSON.parse(stdout) as BenchReport;
  expect(Object.keys(eventsPerSecond)).toEqual(["parse", "normalize", "detect", "pipeline", "fullPack"]);
  expect(Object.keys(ratio)).toEqual(["normalize", "detect", "pipeline", "fullPack"]);
  expect(peakMemoryMiB).toBeGreaterThan(0);

  expect(Object.keys(formats)).toEqual(formatCases.map(({ id }) => id));
  for (const figures of Object.values(formats)) {
    for (const figure of [figures.read, figures.normalize, figures.eventsPerSecond]) expect(figure).toBeGreaterThan(0);
  }
  // Of single formats the shortened bench tells little on a busy machine; of half of them together it does.
  const jsonFormats = formatCases.filter(({ format }) => format.kind === "json");
  const reads = jsonFormats.map(({ id }) => formats[id]!.read).toSorted((a, b) => a - b);
  expect(reads[Math.floor(reads.length / 2)]).toBeGreaterThan(0.8);
});

test("the bench of keys tells memory, keys that gave way and stalls", async () => {
  const options = ["bench/keys.ts", "--json", "--keys", "4000"];
  const { stdout } = await promisify(execFile)(process.execPath, options);
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
