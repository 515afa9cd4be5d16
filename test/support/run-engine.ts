import { join } from "node:path";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import type { Baselines } from "../../src/detect/baselines.ts";
import type { DetectorDefinition } from "../../src/detect/define-detector.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectEngine } from "../../src/detect/detect-engine.ts";
import type { JudgementWatcher } from "../../src/detect/judgement.ts";
import { activateDetectors, loadDetectors } from "../../src/detect/load-detectors.ts";
import { Muting } from "../../src/detect/muting.ts";
import type { Shedding } from "../../src/detect/shedding.ts";
import type { ActiveDetector } from "../../src/detect/plan.ts";
import { aheadMs } from "../../src/detect/tables.ts";
import { TrafficMemory } from "../../src/detect/traffic-memory.ts";
import { Watermark } from "../../src/detect/watermark.ts";
import { TestClock } from "./test-clock.ts";

export const shippedDetectors: readonly ActiveDetector[] = activateDetectors(
  (await loadDetectors([join(import.meta.dirname, "../../detectors")])).detectors,
  {},
).detectors;

/** A definition as it runs with its default parameters. */
export function active(definition: DetectorDefinition): ActiveDetector {
  return { definition, params: definition.params.parse({}), mode: "active" };
}

/** An engine with a clock of the test's; small tables. */
export function anEngine(
  options: {
    detectors?: readonly ActiveDetector[];
    clients?: number;
    clock?: TestClock;
    baselines?: Baselines;
    onMuted?: (detector: string, error: string) => void;
    watcher?: JudgementWatcher;
    shedding?: Shedding;
  } = {},
) {
  const clock = options.clock ?? new TestClock();
  const config = detectConfig.parse({ clients: options.clients ?? 4096 });
  const watermark = new Watermark({ clock, latenessMs: config.lateness, idleAfterMs: config.idleAfter, aheadMs });
  const memory = new TrafficMemory(config.clients);
  const muting = new Muting({ clock, onMuted: options.onMuted ?? (() => {}) });
  const detectors = options.detectors ?? shippedDetectors;
  const { watcher, baselines, shedding } = options;
  const engine = new DetectEngine({
    ...{ detectors, config, clock, watermark, memory, muting, watcher, shedding },
    ...(baselines && { baselines }),
  });
  const process = (events: readonly AccessEvent[], partition = "p0") =>
    engine.process({ partition, events, takenAt: (i) => events[i]!.time });
  return { engine, clock, watermark, memory, muting, process };
}
