import { type Environment, loadTrialConfig } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import { loadRules, type Rules } from "../load-rules.ts";
import { judgeRun, type Judges } from "../score/judge-run.ts";
import type { RunName, RunScore } from "../score/run-score.ts";
import type { SceneName } from "../score/scene-name.ts";
import { type Scene, scenesFor, streamOf } from "../score/score-stream.ts";
import { seedsOf } from "../score/seeds.ts";
import { intensities, type Intensity } from "../simulate/label.ts";
import type { ScoreOptions } from "./score-options.ts";

/** What is simulated, where it isn't the whole: tests take less. */
export interface ScoreSize {
  readonly scenes?: ReadonlyMap<SceneName, Scene>;
  readonly intensities?: readonly Intensity[];
  /** Rows for keys of each kind. */
  readonly clients?: number;
}

/** All that a score is made from; can be handed to another thread. */
export interface ScoreWork {
  readonly options: ScoreOptions & ScoreSize;
  readonly env: Environment;
}

/** The runs of a score, and what makes one of them. */
export interface ScoreJudge {
  readonly names: readonly RunName[];
  /** Ids of the detectors that are judged. */
  readonly detectors: readonly string[];
  readonly run: (name: RunName) => RunScore;
}

/** Room for all keys of a run: more of it would only have to be wiped for each. */
const usualClients = 16_384;

/** Throws `CONFIG_INVALID` when a detector is not known. */
export async function createScoreJudge({ options, env }: ScoreWork): Promise<ScoreJudge> {
  const config = await loadTrialConfig(options.configFile, env);
  const { runbooks, detectors: all } = await loadRules(config, options.configFile ?? "gatewatch.yaml");
  const detectors = chosen(all, options.detectors);
  const judges: Judges = {
    ...{
      detectors,
      runbooks,
      detect: { ...config.detect, clients: options.clients ?? usualClients },
      block: config.block,
    },
    disturbances: new Set(options.disturbances),
  };
  const scenes = options.scenes ?? scenesFor(detectors);
  return {
    names: runNames(options, [...scenes.keys()]),
    detectors: detectors.map(({ definition }) => definition.id),
    run: (name) => judgeRun(name, streamOf(name, scenes.get(name.scene)!, config), judges),
  };
}

// helpers

function runNames(
  { seeds, tuning, kinds, intensities: wanted = intensities }: ScoreWork["options"],
  scenes: readonly SceneName[],
): RunName[] {
  return seedsOf(seeds, tuning ? "tuning" : "score").flatMap((seed) =>
    kinds.flatMap((kind) => wanted.flatMap((intensity) => scenes.map((scene) => ({ seed, intensity, kind, scene })))),
  );
}

function chosen(detectors: Rules["detectors"], wanted: readonly string[]): Rules["detectors"] {
  const known = detectors.map(({ definition }) => definition.id);
  const unknown = wanted.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    throw new GatewatchError("CONFIG_INVALID", `There is no detector ${unknown.join(", ")}.`, {
      remedy: `Known: ${known.join(", ")}.`,
    });
  }
  return wanted.length === 0 ? detectors : detectors.filter(({ definition }) => wanted.includes(definition.id));
}
