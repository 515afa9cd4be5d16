import { blockConfig } from "../../src/block/block-config.ts";
import type { Decision } from "../../src/block/decision.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { loadRunbooks } from "../../src/incident/load-runbooks.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { LogJudge } from "../../src/replay/log-judge.ts";
import { attackList } from "../../src/simulate/attack-list.ts";
import type { SimulationLabels } from "../../src/simulate/label.ts";
import { simulatedEndpoints } from "../../src/simulate/shop-endpoints.ts";
import { shippedPath } from "../../src/shipped-path.ts";
import { aSimulation } from "./simulating.ts";
import { aNormalizer } from "./normalizing.ts";
import { failedLogin, goodLogin } from "./nginx-lines.ts";
import { shippedDetectors } from "./run-engine.ts";

export interface TimedLine {
  /** When it is written, epoch ms. */
  readonly time: number;
  readonly line: string;
}

/** A stretch of a simulated shop's log up to `end`, with attacks that are over by then, and one that isn't. */
export interface ShopHours {
  readonly lines: readonly TimedLine[];
  readonly labels: SimulationLabels;
  /** Who attacks to the end. */
  readonly lastAttacker: string;
}

/** As lines of nginx. What takes more than the stretch to be seen is left out. */
export function shopHours(options: { end: number; minutes: number; rate: number }): ShopHours {
  const { end, minutes, rate } = options;
  const start = end - minutes * 60_000;
  const durationMs = end - quietMs - start;
  const simulation = aSimulation({
    ...{ seed: 7, start, durationMs, rate, customers: 4_000, format: "nginx-json", intensity: 10 },
    attacks: attackList.map(({ id }) => id).filter((id) => quick.has(id)),
  });
  const lines: TimedLine[] = [...simulation.batches()].flat();
  const lastAttacker = "203.0.113.77";
  for (let time = end - quietMs, i = 0; time < end; time += 3_000, i++) {
    // Enough of them, or one attacker alone looks like an outage of logins.
    for (let one = 0; one < 6; one++) {
      lines.push({ time: time + one, line: goodLogin(time + one, `198.51.${100 + one}.${i % 250}`, `regular-${one}-${i % 250}`) }); // prettier-ignore
    }
    if (end - time < lastAttackMs) lines.push({ time, line: failedLogin(time, lastAttacker, `listed-${i % 60}`) });
  }
  return { lines: lines.toSorted((a, b) => a.time - b.time), labels: simulation.labels(), lastAttacker };
}

/** What is found, and who is blocked, when each line is read as it is written; judged by a clock that follows them. */
export async function readLive(lines: readonly TimedLine[]): Promise<{ detections: Detection[]; blocks: Decision[] }> {
  const { runbooks } = await loadRunbooks([shippedPath("runbooks")]);
  const judge = new LogJudge({
    ...{ detectors: shippedDetectors, runbooks, detect: detectConfig.parse({}), block: blockConfig.parse({}) },
    networks: { trusted: [], providers: [] },
    maxDetections: 100_000,
  });
  const normalizer = aNormalizer({
    sources: new Map([["edge", { gateway: "edge", format: "nginx-json" }]]),
    endpoints: endpointsConfig.parse(simulatedEndpoints({ shopEvents: false })),
  });
  for (let from = 0; from < lines.length; from += 1_000) {
    const some = lines.slice(from, from + 1_000);
    const { events, offsets } = normalizer.normalize({
      ...{ source: "edge", partition: "edge:log", refused: [], next: 0, receivedAt: some.at(-1)!.time },
      records: some.map(({ line }) => line),
      offsets: some.map((_, i) => i),
      timestamps: some.map(({ time }) => time),
    });
    for (const [i, event] of events.entries()) judge.take(event, some[offsets[i]!]!.time);
  }
  judge.finish();
  return { detections: judge.detections(), blocks: judge.blocks.decisions() };
}

// helpers

/** The simulated attacks end so long before the end; another one begins then, and goes on. */
const quietMs = 16 * 60_000;
const lastAttackMs = 14 * 60_000;

/** Attacks that are over within minutes. */
const quick: ReadonlySet<string> = new Set([
  "credential-stuffing", "stuffing-success", "account-under-attack", "distributed-stuffing", "signup-abuse", "account-enumeration",
  "card-testing", "promo-guessing", "probing", "file-probing", "admin-probing", "rate-limit-burst", "volumetric-abuse", "payment-storm",
]); // prettier-ignore
