import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../src/clock.ts";
import { systemClock } from "../src/clock.ts";
import { readConfig, type Config } from "../src/config.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import type { Detection } from "../src/detect/detection.ts";
import { createIncidents } from "../src/incident/incidents.ts";
import { loadRules } from "../src/load-rules.ts";
import { silentLog } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import { NormalizerThread } from "../src/normalize/normalizer-thread.ts";
import { createNormalizer } from "../src/normalize/normalizer.ts";
import { Pipeline, type PipelineOptions } from "../src/pipeline.ts";
import { shippedPath } from "../src/shipped-path.ts";
import type { RawBatch, Source } from "../src/source/raw-batch.ts";
import { createMinuteRows } from "../src/store/minute-rows.ts";
import { openStore } from "../src/store/open-store.ts";

/** The example shop's configuration and rules, and a normalizer for its log. */
export async function readShop() {
  const configFile = shippedPath("examples/shop/gatewatch.yaml");
  const result = await readConfig(configFile, { GATEWATCH_SHOP_PORT: "8080" });
  if (result.kind === "bad") throw new Error(JSON.stringify(result.problems));
  const { config } = result;
  return { config, rules: await loadRules(config, configFile), normalizer: normalizerOf(config) };
}

/** The stages as the service puts them together, for the example shop's endpoints; each run with a state of its own. */
export async function createStages() {
  const { config, normalizerOf, detectStage, pipelineOf, detections, close } = await openParts();
  const thread = new NormalizerThread({ ...normalizing(config), geo: undefined, metrics: createMetrics() });
  // Built before the clock runs: a service builds them once.
  const [first, second] = [normalizerOf(), normalizerOf()];
  const detect = detectStage("six", config);
  const [six, all, two] = [pipelineOf("six"), pipelineOf("all"), pipelineOf("six", { normalizer: thread })];
  return {
    normalize(batches: readonly RawBatch[]): void {
      for (const batch of batches) first.normalize(batch);
    },
    detect(batches: readonly RawBatch[]): void {
      for (const batch of batches) detect.process(batch, second.normalize(batch));
      detect.finish();
    },
    pipeline: (batches: readonly RawBatch[]) => run(six, batches),
    fullPack: (batches: readonly RawBatch[]) => run(all, batches),
    /** Has the thread compile what it runs, as the main thread has by then: it begins with nothing each time. */
    warmThread: async (batches: readonly RawBatch[]) => {
      for (const batch of batches) await thread.begin(batch)();
    },
    /** As with `service.threads: 2`. */
    twoThreads: (batches: readonly RawBatch[]) => run(two, batches),
    detections,
    close: async () => {
      await thread.close();
      await close();
    },
  };
}

/** Which detectors: those of the first version, by which speed is followed over the versions, or all. */
export type Pack = "six" | "all";

/**
 * Everything but paging and blocking, fed by a source until so many lines were handled; resolves when the last
 * row is in ClickHouse. `onBegin` is called when partitions are assigned.
 */
export async function readFrom(options: {
  source: Source;
  pack: Pack;
  lines: number;
  onBegin: () => void;
}): Promise<void> {
  const { source, pack, lines, onBegin } = options;
  const { pipelineOf, close } = await openParts();
  const all = Promise.withResolvers<void>();
  let left = lines;
  const pipeline = pipelineOf(pack, {
    sources: [source],
    observe: ({ records }) => {
      left -= records.length;
      if (left <= 0) all.resolve();
    },
  });
  // The group takes a moment to form, which is no reading.
  const assigned = pipeline.assigned.bind(pipeline);
  pipeline.assigned = (partitions) => {
    onBegin();
    assigned(partitions);
  };
  const ticking = setInterval(() => void pipeline.tick().catch(all.reject), 1_000);
  await source.start(pipeline);
  await all.promise;
  clearInterval(ticking);
  await source.stop();
  await pipeline.finish();
  await source.close();
  await close();
}

/** What is in one table of ClickHouse. */
export interface TableSize {
  readonly table: string;
  readonly rows: number;
  /** As it lies on the disk, compressed. */
  readonly bytes: number;
}

/** What ClickHouse has of these lines once everything was stored. */
export async function storeLines(batches: readonly RawBatch[]): Promise<TableSize[]> {
  const { pipelineOf, store, close } = await openParts();
  await run(pipelineOf("all"), batches);
  const sizes = await store.query<TableSize>(
    "SELECT table, toFloat64(sum(rows)) AS rows, toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY bytes DESC",
  );
  await close();
  return sizes;
}

// helpers

/** What pipelines are made of, with one embedded store behind them. */
async function openParts() {
  const { config, rules } = await readShop();
  const metrics = createMetrics();
  const directory = await mkdtemp(join(tmpdir(), "gatewatch-bench-"));
  const parts = { clock: systemClock, log: silentLog, metrics };
  const store = await openStore({ config: config.store, dataDirectory: directory, ...parts });
  const incidents = createIncidents({ ...parts, store, runbooks: rules.runbooks, teams: [], onChange: () => {} });
  let sealed = 0;

  const detectStage = (pack: Pack, { detect }: Config) => {
    const detectors = rules.detectors.filter(({ definition }) => pack === "all" || firstSix.has(definition.id));
    return new DetectStage({ detectors, config: detect, clock: atTheTime(), onMuted: fail });
  };
  const pipelineOf = (pack: Pack, from: Partial<Pick<PipelineOptions, "sources" | "observe" | "normalizer">> = {}) =>
    new Pipeline({
      ...{ clock: systemClock, normalizer: normalizerOf(config), store, saved: undefined },
      detect: detectStage(pack, config),
      minutes: createMinuteRows({ write: (table, rows) => store.write(table, rows) }),
      respond: async (detections: readonly Detection[]) => {
        sealed += detections.filter((detection) => detection.sealed && detection.state === "closed").length;
        await incidents.detections(detections);
      },
      save: async () => {},
      onSource: () => {},
      onStuck: (error) => fail("pipeline", String(error)),
      ...{ sources: [], observe: () => {}, ...from },
    });
  return {
    ...{ config, store },
    normalizerOf: () => normalizerOf(config),
    detectStage,
    pipelineOf,
    detections: () => sealed,
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Everything but paging and blocking: the last row is in ClickHouse when it resolves. */
async function run(pipeline: Pipeline, batches: readonly RawBatch[]): Promise<void> {
  // Two batches ahead, as sources of lines are.
  const handed: Promise<void>[] = [];
  for (const batch of batches) {
    handed.push(pipeline.handle(batch));
    if (handed.length > 2) await handed.shift();
  }
  await Promise.all(handed);
  await pipeline.finish();
}

/** What the first version had; speed is followed over the versions by these. */
const firstSix: ReadonlySet<string> = new Set([
  "account-under-attack", "country-surge", "credential-stuffing", "impossible-travel", "payment-storm", "rate-limit-burst",
]); // prettier-ignore

function normalizerOf(config: Config) {
  return createNormalizer({ ...normalizing(config), geo: undefined, metrics: createMetrics() });
}

function normalizing({ privacy, endpoints, proxies, redact }: Config) {
  const sources = new Map([["shop", { gateway: "nginx", format: "nginx-json" }]]);
  return { sources, formats: {}, privacy, endpoints, proxies, redact };
}

/** The bench's lines are from one morning: judged as on that morning, so that detections are made eagerly too. */
function atTheTime(): Clock {
  return { ...systemClock, now: () => Date.UTC(2026, 7, 22, 9, 0, 0) };
}

function fail(detector: string, error: string): never {
  throw new Error(`${detector}: ${error}`);
}
