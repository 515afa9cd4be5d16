import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { crowdClients, crowds, zipf } from "../../bench/crowds.ts";
import { costOf, measureTallies } from "../../bench/measure-tallies.ts";

test.for([0.8, 1, 1.2])(
  "a crowd after Zipf with exponent %s brings as many different clients as reckoned",
  (exponent) => {
    const events = 4_000;
    const next = zipf(exponent);
    const weights = Array.from({ length: crowdClients }, (_, rank) => (rank + 1) ** -exponent);
    const sum = weights.reduce((a, b) => a + b, 0);
    const reckoned = weights.reduce((total, weight) => total + 1 - (1 - weight / sum) ** events, 0);
    const drawn = new Set(Array.from({ length: events }, next)).size;
    expect(Math.abs(drawn / reckoned - 1)).toBeLessThan(0.05);
  },
);

test("what tallies take grows with the parts by what all of them get, and with the clients", async () => {
  const some = crowds().filter(({ name }) => ["a few heavy clients", "flood of new clients"].includes(name));
  const sizes = [4, 16, 64].map((parts) => ({ events: 1_000, parts }));
  const figures = await measureTallies({ crowds: some, sizes });
  const [heavy, flood] = some.map(({ name }) => figures.filter(({ crowd }) => crowd === name));
  for (const [few, between, many] of [heavy!, flood!]) {
    const { keyedBytes, sharedBytes } = costOf(few!, many!);
    const reckoned = (keyedBytes + 16 * sharedBytes) * 1_000;
    expect(Math.abs(between!.bytes / reckoned - 1)).toBeLessThan(0.1);
  }
  expect(flood![0]!.bytes).toBeGreaterThan(1.5 * heavy![0]!.bytes);
  expect(flood![0]!.clients).toBe(1_000);
});

test.for([
  [
    "bench/tallies.ts",
    ["--json", "--events", "200"],
    { costs: expect.arrayContaining([]) as unknown, projections: [] },
  ],
  ["bench/rows.ts", ["--json", "--lines", "4000"], { lines: 4_000, tables: expect.arrayContaining([]) as unknown }],
] as const)("%s runs", async ([script, options, report]) => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...options]);
  expect(JSON.parse(stdout)).toMatchObject(report);
});
