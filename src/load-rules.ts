import { invalidFiles, type Config } from "./config.ts";
import { loadFiles } from "./config-files.ts";
import type { Problem } from "./errors.ts";
import type { DetectorDefinition } from "./detect/define-detector.ts";
import { activateDetectors } from "./detect/load-detectors.ts";
import type { ActiveDetector } from "./detect/plan.ts";
import type { Runbook } from "./incident/runbook.ts";

/** Detectors and runbooks as they are to run. */
export interface Rules {
  readonly detectors: readonly ActiveDetector[];
  /** Those that the configuration switches off. */
  readonly off: readonly DetectorDefinition[];
  readonly runbooks: readonly Runbook[];
}

/** Loads the files that a configuration names, or tells everything that is wrong with them. */
export async function readRules(
  config: Config,
  configFile: string,
): Promise<Rules | { readonly problems: readonly Problem[] }> {
  const { detectors, runbooks, problems } = await loadFiles({ config, configFile });
  if (problems.length > 0) return { problems };
  const { directories: _, ...settings } = config.detectors;
  const active = activateDetectors(detectors, settings);
  if (active.problems.length > 0) return { problems: active.problems };
  const on = new Set(active.detectors.map(({ definition }) => definition));
  const off = detectors.map(({ definition }) => definition).filter((definition) => !on.has(definition));
  return { detectors: active.detectors, off, runbooks };
}

/** As `readRules`; throws `CONFIG_INVALID` with all problems. */
export async function loadRules(config: Config, configFile: string): Promise<Rules> {
  const rules = await readRules(config, configFile);
  if ("problems" in rules) throw invalidFiles(configFile, rules.problems);
  return rules;
}
