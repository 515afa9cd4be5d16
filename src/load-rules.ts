import { invalidFiles, type Config } from "./config.ts";
import { loadFiles } from "./config-files.ts";
import type { Problem } from "./errors.ts";
import { activateDetectors } from "./detect/load-detectors.ts";
import type { ActiveDetector } from "./detect/plan.ts";
import type { Runbook } from "./incident/runbook.ts";

/** Detectors and runbooks as they are to run. */
export interface Rules {
  readonly detectors: readonly ActiveDetector[];
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
  return active.problems.length > 0 ? { problems: active.problems } : { detectors: active.detectors, runbooks };
}

/** As `readRules`; throws `CONFIG_INVALID` with all problems. */
export async function loadRules(config: Config, configFile: string): Promise<Rules> {
  const rules = await readRules(config, configFile);
  if ("problems" in rules) throw invalidFiles(configFile, rules.problems);
  return rules;
}
