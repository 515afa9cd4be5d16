import type { ActiveDetector } from "../detect/plan.ts";
import { createMetrics } from "../metrics.ts";
import { endpointsConfig } from "../normalize/endpoint-config.ts";
import { createNormalizer, type NormalizerOptions } from "../normalize/normalizer.ts";
import { attackList } from "../simulate/attack-list.ts";
import { createWriter } from "../simulate/create-writer.ts";
import { simulatedEndpoints } from "../simulate/shop-endpoints.ts";
import { simulate } from "../simulate/simulate.ts";
import { stressorIds } from "../simulate/stressor-list.ts";
import type { SimulationOptions } from "../simulate/simulation.ts";
import { scoreSources } from "./arrival.ts";
import type { Stream } from "./judge-run.ts";
import type { LogKind } from "./log-kind.ts";
import type { RunName } from "./run-score.ts";
import { type SceneName, sceneNames } from "./scene-name.ts";

/** What is simulated beside the seed, the intensity and the format. */
export type Scene = Pick<
  SimulationOptions,
  "attacks" | "stressors" | "durationMs" | "rate" | "customers" | "parametersOf"
>;

/** What is written for each kind of log: nginx's combined lines, a gateway's own JSON, the shop's own log. */
const writers: Readonly<Record<LogKind, string>> = {
  bare: "nginx-combined",
  default: "envoy-gateway",
  enriched: "enriched",
};

const hourMs = 3_600_000;
/** A Monday at eight in the morning, UTC. */
const monday = Date.UTC(2026, 2, 2, 8);

/**
 * The scenes of every seed. Nearly all that a run takes is its benign requests, so there are no more of
 * them than attacks need: a `day` has room for one of six hours after an hour of quiet; and a payment storm
 * can be seen within seconds only where a payment comes every second, as in a `rush`.
 */
const settings: Readonly<Record<SceneName, Pick<Scene, "durationMs" | "rate" | "customers">>> = {
  day: { durationMs: 7.5 * hourMs, rate: 8, customers: 20_000 },
  rush: { durationMs: hourMs / 6, rate: 150, customers: 20_000 },
};

/** What takes place in a rush; all else does in a day. */
const rushed: readonly string[] = ["payment-storm"];

/**
 * Every attack that one of the detectors is meant to find, with the detectors' own floors, and every
 * stressor. A scene without an attack is left out.
 */
export function scenesFor(detectors: readonly ActiveDetector[]): ReadonlyMap<SceneName, Scene> {
  const parameters = new Map(detectors.map(({ definition, params }) => [definition.id, params]));
  const attacks = attackList.filter((kind) => kind.detectors.some((id) => parameters.has(id))).map(({ id }) => id);
  const scenes = sceneNames.map((name): [SceneName, Scene] => [
    name,
    {
      ...settings[name],
      attacks: attacks.filter((id) => rushed.includes(id) === (name === "rush")),
      // Those who look like attackers need no rush; a payment outage with all its retries is one of the attacks.
      stressors: name === "rush" ? [] : stressorIds.filter((id) => id !== "payment-outage"),
      parametersOf: (id) => parameters.get(id),
    },
  ]);
  return new Map(scenes.filter(([, { attacks: some }]) => some.length > 0));
}

/** The simulated shop of one run, and what reads its lines with its own inventory. */
export function streamOf(
  { seed, intensity, kind }: RunName,
  scene: Scene,
  rules: Pick<NormalizerOptions, "proxies" | "redact" | "privacy">,
): Stream {
  const format = writers[kind];
  const simulation = () => simulate({ ...scene, seed, start: startOf(seed), intensity, format });
  const endpoints = endpointsConfig.parse(simulatedEndpoints({ shopEvents: kind === "enriched" }));
  const read = createWriter(format)?.format ?? format;
  const normalizer = createNormalizer({
    sources: new Map([
      [scoreSources.requests, { gateway: scoreSources.requests, format: read }],
      [scoreSources.shopEvents, { gateway: scoreSources.shopEvents, format: "shop-event", trustClientIp: true }],
    ]),
    ...{ formats: {}, endpoints, geo: undefined, metrics: createMetrics() },
    ...{ proxies: rules.proxies, redact: rules.redact, privacy: rules.privacy },
  });
  return { simulation, normalizer };
}

// helpers

/** Runs begin on all days of the week, in the morning, at noon and in the afternoon. */
function startOf(seed: number): number {
  return monday + (seed % 7) * 24 * hourMs + (seed % 3) * 3 * hourMs;
}
