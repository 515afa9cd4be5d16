import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../src/clock.ts";
import { systemClock } from "../src/clock.ts";
import { readConfig, type Config } from "../src/config.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import type { Detection } from "../src/detect/detection.ts";
import type { ActiveDetector } from "../src/detect/plan.ts";
import { createIncidents } from "../src/incident/incidents.ts";
import { loadRules } from "../src/load-rules.ts";
import { silentLog } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import { createNormalizer, type Normalizer } from "../src/normalize/normalizer.ts";
import { Pipeline } from "../src/pipeline.ts";
import { shippedPath } from "../src/shipped-path.ts";
import type { RawBatch } from "../src/source/raw-batch.ts";
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
  const { config, rules } = await readShop();
  const metrics = createMetrics();
  const directory = await mkdtemp(join(tmpdir(), "gatewatch-bench-"));
  const parts = { clock: systemClock, log: silentLog, metrics };
  const store = await openStore({ config: config.store, dataDirectory: directory, ...parts });
  let sealed = 0;

  const detectStage = (
    detectors: readonly ActiveDetector[] = rules.detectors.filter(({ definition }) => firstSix.has(definition.id)),
  ) => new DetectStage({ detectors, config: config.detect, clock: atTheTime(), onMuted: fail });
  // Built before the clock runs: a service builds them once.
  const [first, second, third, fourth] = [1, 2, 3, 4].map(() => normalizerOf(config)) as [Normalizer, Normalizer, Normalizer, Normalizer]; // prettier-ignore
  const detect = detectStage();
  const incidents = createIncidents({ ...parts, store, runbooks: rules.runbooks, teams: [], onChange: () => {} });
  const pipelineOf = (normalizer: Normalizer, stage: DetectStage) =>
    new Pipeline({
      ...{ clock: systemClock, normalizer, detect: stage, store, saved: undefined },
      minutes: createMinuteRows({ write: (table, rows) => store.write(table, rows) }),
      respond: async (detections: readonly Detection[]) => {
        sealed += detections.filter((detection) => detection.sealed && detection.state === "closed").length;
        await incidents.detections(detections);
      },
      save: async () => {},
      sources: [],
      onSource: () => {},
      onStuck: (error) => fail("pipeline", String(error)),
      observe: () => {},
    });
  const [six, all] = [pipelineOf(third, detectStage()), pipelineOf(fourth, detectStage(rules.detectors))];
  /** Everything but paging and blocking: the last row is in ClickHouse when it resolves. */
  const run = async (pipeline: Pipeline, batches: readonly RawBatch[]) => {
    for (const batch of batches) await pipeline.handle(batch);
    await pipeline.finish();
  };
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
    detections: () => sealed,
    async close(): Promise<void> {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What the first version had; speed is followed over the versions by these. */
const firstSix: ReadonlySet<string> = new Set([
  "account-under-attack", "country-surge", "credential-stuffing", "impossible-travel", "payment-storm", "rate-limit-burst",
]); // prettier-ignore

function normalizerOf(config: Config) {
  return createNormalizer({
    sources: new Map([["shop", { gateway: "nginx", format: "nginx-json" }]]),
    ...{ formats: {}, metrics: createMetrics(), geo: undefined, privacy: config.privacy },
    ...{ endpoints: config.endpoints, proxies: config.proxies, redact: config.redact },
  });
}

/** The bench's lines are from one morning: judged as on that morning, so that detections are made eagerly too. */
function atTheTime(): Clock {
  return { ...systemClock, now: () => Date.UTC(2026, 7, 22, 9, 0, 0) };
}

function fail(detector: string, error: string): never {
  throw new Error(`${detector}: ${error}`);
}
