// `npm run bench:simulate`: how many lines a second `gatewatch simulate` writes to a file, by format.
// bench/README.md says how to read it.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writerIds } from "../src/simulate/create-writer.ts";
import { fileSink } from "../src/simulate/file-sink.ts";
import { simulate } from "../src/simulate/simulate.ts";

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean" }, minutes: { type: "string" }, rounds: { type: "string" } },
  allowPositionals: true,
});
const rounds = Number(values.rounds ?? 5);
/** Of event time; at 1,000 requests a second. */
const minutes = Number(values.minutes ?? 5);
const formats = positionals.length === 0 ? writerIds : positionals;

const directory = await mkdtemp(join(tmpdir(), "gatewatch-bench-"));
const figures: Record<string, { linesPerSecond: number; bytesPerLine: number }> = {};
try {
  if (!values.json) console.log("format                        lines/s   bytes a line");
  for (const format of formats) {
    figures[format] = await measure(format);
    const { linesPerSecond, bytesPerLine } = figures[format];
    const row = `${format.padEnd(28)} ${linesPerSecond.toLocaleString("en").padStart(8)}   ${bytesPerLine}`;
    if (!values.json) console.log(row);
  }
  if (values.json) console.log(JSON.stringify(figures));
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** The best of some rounds: the first ones run before everything is compiled. */
async function measure(format: string) {
  const file = join(directory, "shop.log");
  let best = 0;
  let bytesPerLine = 0;
  for (let round = 0; round < rounds; round++) {
    const sink = await fileSink(file);
    const start = performance.now();
    let lines = 0;
    for (const records of shopOf(format).batches()) {
      await sink.write(records);
      lines += records.length;
    }
    await sink.close();
    best = Math.max(best, (lines / (performance.now() - start)) * 1000);
    bytesPerLine = Math.round((await stat(file)).size / lines);
  }
  return { linesPerSecond: Math.round(best), bytesPerLine };
}

/** An ordinary Monday morning, without attacks: those are a small part of the lines. */
function shopOf(format: string) {
  return simulate({
    ...{ seed: 1, start: Date.UTC(2026, 7, 24, 7), durationMs: minutes * 60_000, rate: 1_000, customers: 50_000 },
    ...{ attacks: [], intensity: 3, stressors: [], format },
  });
}
