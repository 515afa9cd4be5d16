import { createStages } from "./stages.ts";
import { batchesOf } from "./traffic.ts";

/** The ways in which lines in memory are read; `parse` is the yardstick. */
export type Stage = "parse" | "normalize" | "detect" | "pipeline" | "fullPack" | "twoThreads";

export interface StageFigures {
  /** Of each stage, the best round. */
  readonly eventsPerSecond: Readonly<Record<Stage, number>>;
  /** Of the whole process, the lines included. */
  readonly peakMemoryMiB: number;
  /** Sealed detections of a round. */
  readonly detections: number;
}

const batchSize = 2_000;

/** Reads the same lines by each stage in turns, so many times. */
export async function measureStages(lines: readonly string[], rounds: number): Promise<StageFigures> {
  const batches = batchesOf(lines, batchSize);
  const best: Record<Stage, number> = { parse: 0, normalize: 0, detect: 0, pipeline: 0, fullPack: 0, twoThreads: 0 };
  let peakBytes = 0;
  let detections = 0;
  const measure = async (stage: Stage, run: () => void | Promise<void>) => {
    globalThis.gc?.();
    const start = performance.now();
    await run();
    best[stage] = Math.max(best[stage], Math.round((lines.length / (performance.now() - start)) * 1000));
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  };
  for (let round = 0; round < rounds; round++) {
    await measure("parse", () => parseAll(lines));
    const stages = await createStages();
    await measure("normalize", () => stages.normalize(batches));
    await measure("detect", () => stages.detect(batches));
    await measure("pipeline", () => stages.pipeline(batches));
    await measure("fullPack", () => stages.fullPack(batches));
    await stages.warmThread(batches);
    await measure("twoThreads", () => stages.twoThreads(batches));
    detections = stages.detections();
    await stages.close();
  }
  return { eventsPerSecond: best, peakMemoryMiB: Math.round(peakBytes / 1024 ** 2), detections };
}

// helpers

function parseAll(lines: readonly string[]): void {
  let sum = 0;
  for (const line of lines) sum += (JSON.parse(line) as { status: number }).status;
  if (sum === 0) throw new Error("the lines hold no status");
}
