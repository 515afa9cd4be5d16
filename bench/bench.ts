// `npm run bench`: how fast each stage is, and each format, as a ratio to JSON.parse over the same lines
// in the same run, so that the figures of two machines, or of a noisy one, can be compared.
// bench/README.md says how to read them.
import { parseArgs } from "node:util";
import { benchedFormats, measureFormats } from "./formats.ts";
import { createStages } from "./stages.ts";
import { batchesOf, benchLines } from "./traffic.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    lines: { type: "string" },
    rounds: { type: "string" },
    chunks: { type: "string" },
  },
});
const lineCount = Number(values.lines ?? 400_000);
const rounds = Number(values.rounds ?? 3);
const chunks = Number(values.chunks ?? 160);
const batchSize = 2_000;

const lines = benchLines({ lines: lineCount, clients: 20_000 });
const bytes = lines.reduce((total, line) => total + line.length, 0) / lines.length;
const batches = batchesOf(lines, batchSize);

type Stage = "parse" | "normalize" | "detect" | "pipeline" | "fullPack";
const best: Record<Stage, number> = { parse: 0, normalize: 0, detect: 0, pipeline: 0, fullPack: 0 };
let peakBytes = 0;
let detections = 0;

for (let round = 0; round < rounds; round++) {
  keep("parse", await time(() => parseAll()));
  const stages = await createStages();
  keep("normalize", await time(() => stages.normalize(batches)));
  keep("detect", await time(() => stages.detect(batches)));
  keep("pipeline", await time(() => stages.pipeline(batches)));
  keep("fullPack", await time(() => stages.fullPack(batches)));
  detections = stages.detections();
  await stages.close();
}

const eventsPerSecond = mapStages((stage) => Math.round(best[stage]));
const ratio = mapStages((stage) => Number((best[stage] / best.parse).toFixed(3)));
const peakMemoryMiB = Math.round(peakBytes / 1024 ** 2);
if (values.json) {
  const { parse: _, ...ratios } = ratio;
  console.log(
    JSON.stringify({
      eventsPerSecond,
      ratio: ratios,
      peakMemoryMiB,
      lines: lineCount,
      bytesPerLine: Math.round(bytes),
      formats: await measureFormats(chunks, () => {}),
    }),
  );
} else {
  printStages();
  await printFormats();
}

function printStages(): void {
  console.log(
    `${lineCount} nginx-json lines of ${Math.round(bytes)} bytes, 20,000 clients, best of ${rounds} rounds\n`,
  );
  console.log("stage                               events/s   of JSON.parse");
  const names: Record<Stage, string> = {
    parse: "JSON.parse of each line, alone",
    normalize: "normalize",
    detect: "normalize and detect, six detectors",
    pipeline: "everything, to the embedded store",
    fullPack: "everything, with all detectors",
  };
  for (const stage of Object.keys(best) as Stage[]) {
    console.log(
      `${names[stage].padEnd(34)} ${eventsPerSecond[stage].toLocaleString("en").padStart(9)}   ${ratio[stage].toFixed(2)}`,
    );
  }
  console.log(`\n${detections} sealed detections in a round; peak memory ${peakMemoryMiB} MiB`);
}

async function printFormats(): Promise<void> {
  console.log(`\nEach format, best of ${chunks} chunks; * text, held against JSON.parse of nginx's JSON\n`);
  console.log("format                   read   normalize (of JSON.parse)   events/s");
  const texts = new Set(benchedFormats.filter(({ kind }) => kind === "text").map(({ id }) => id));
  await measureFormats(chunks, (id, { read, normalize, eventsPerSecond }) => {
    const name = `${id}${texts.has(id) ? " *" : ""}`.padEnd(24);
    const perSecond = eventsPerSecond.toLocaleString("en").padStart(9);
    console.log(`${name} ${read.toFixed(2)}   ${normalize.toFixed(2).padEnd(25)} ${perSecond}`);
  });
}

function parseAll(): void {
  let sum = 0;
  for (const line of lines) sum += (JSON.parse(line) as { status: number }).status;
  if (sum === 0) throw new Error("the lines hold no status");
}

/** Milliseconds that `run` takes. */
async function time(run: () => void | Promise<void>): Promise<number> {
  globalThis.gc?.();
  const start = performance.now();
  await run();
  const took = performance.now() - start;
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  return took;
}

function keep(stage: Stage, ms: number): void {
  best[stage] = Math.max(best[stage], (lines.length / ms) * 1000);
}

function mapStages(value: (stage: Stage) => number): Record<Stage, number> {
  return {
    parse: value("parse"),
    normalize: value("normalize"),
    detect: value("detect"),
    pipeline: value("pipeline"),
    fullPack: value("fullPack"),
  };
}
