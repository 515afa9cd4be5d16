import type { RulesConfig } from "./config-schema.ts";
import { crossCheck } from "./config-cross-check.ts";
import type { ConfigPath } from "./config-document.ts";
import { loadDetectors, type LoadedDetector } from "./detect/load-detectors.ts";
import type { Problem } from "./errors.ts";
import { loadRunbooks } from "./incident/load-runbooks.ts";
import type { Runbook } from "./incident/runbook.ts";
import { shippedPath } from "./shipped-path.ts";

/** Detectors and runbooks, and everything that is wrong with them or between them and the configuration. */
export interface LoadedFiles {
  readonly detectors: readonly LoadedDetector[];
  readonly runbooks: readonly Runbook[];
  readonly problems: readonly Problem[];
}

/** The folders detectors are loaded from: the shipped one first, so that one's own can take its files' place. */
export function detectorDirectories(config: RulesConfig): string[] {
  return [shippedPath("detectors"), ...config.detectors.directories];
}

/** The folders runbooks are loaded from, the shipped one first. */
export function runbookDirectories(config: RulesConfig): string[] {
  return [shippedPath("runbooks"), ...config.runbooks.directories];
}

/** Loads and checks what the configuration names, at the start, at a reload and for `gatewatch check`. */
export async function loadFiles(options: {
  readonly config: RulesConfig;
  readonly configFile: string;
  readonly lineOf?: (path: ConfigPath) => number | undefined;
}): Promise<LoadedFiles> {
  const { detectors, problems: inDetectors } = await loadDetectors(detectorDirectories(options.config));
  const { runbooks, problems: inRunbooks } = await loadRunbooks(runbookDirectories(options.config));
  const problems = [...inDetectors, ...inRunbooks];
  const definitions = detectors.map((detector) => detector.definition);
  const between = crossCheck({ ...options, detectors: definitions, runbooks, problems });
  return { detectors, runbooks, problems: [...between, ...problems] };
}
