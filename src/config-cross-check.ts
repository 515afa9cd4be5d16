import { basename } from "node:path";
import { z } from "zod";
import { formatPath, type ConfigPath, type Finding } from "./config-document.ts";
import { describeIssuesAt, didYouMean } from "./config-problems.ts";
import type { RulesConfig } from "./config-schema.ts";
import type { DetectorDefinition } from "./detect/define-detector.ts";
import type { Problem } from "./errors.ts";
import type { Runbook } from "./incident/runbook.ts";
import { serviceDetectorIds } from "./incident/service-kinds.ts";
import type { JsonSchema } from "./json-schema.ts";

/** What was loaded, and the configuration it has to fit. */
export interface CrossCheckInput {
  readonly config: RulesConfig;
  readonly configFile: string;
  readonly detectors: readonly DetectorDefinition[];
  readonly runbooks: readonly Runbook[];
  /** What the loaders found wrong; a name that fails only because its file is broken is not reported again. */
  readonly problems: readonly Problem[];
  /** The line of a path in the configuration file, where it is at hand. */
  readonly lineOf?: (path: ConfigPath) => number | undefined;
}

/** What is wrong between the configuration, the detectors and the runbooks: names and parameters. */
export function crossCheck(input: CrossCheckInput): Problem[] {
  return [...checkSettings(input), ...input.runbooks.flatMap((runbook) => checkRunbook(runbook, input))];
}

// helpers

/** `detectors.ID` of the configuration: such a detector exists, and takes such parameters. */
function checkSettings(input: CrossCheckInput): Problem[] {
  const { directories: _, ...settings } = input.config.detectors;
  const findings = Object.entries(settings).flatMap(([id, { params }]): Finding[] => {
    const definition = input.detectors.find((detector) => detector.id === id);
    if (definition === undefined) {
      if (isBroken(`${id}.ts`, input)) return [];
      return [{ path: ["detectors", id], message: `there is no detector of this name${hint(id, detectorIds(input))}` }];
    }
    const { error } = definition.params.safeParse(params);
    if (error === undefined) return [];
    const schema = z.toJSONSchema(definition.params, { io: "input", unrepresentable: "any" }) as JsonSchema;
    return describeIssuesAt(["detectors", id, "params"], { issues: error.issues, value: params, schema });
  });
  return findings.map(({ path, message, example }) => {
    const line = input.lineOf?.(path);
    return {
      file: input.configFile,
      path: formatPath(path),
      message,
      ...(line !== undefined && { line }),
      ...(example !== undefined && { example }),
    };
  });
}

function checkRunbook(runbook: Runbook, input: CrossCheckInput): Problem[] {
  const { file } = runbook;
  const problems: Problem[] = [];
  const refer = (options: { path: string; name: string; known: readonly string[]; what: string }) => {
    const { path, name, known, what } = options;
    if (known.includes(name)) return;
    problems.push({ file, path, message: `there is no ${what} \`${name}\`${hint(name, known)}` });
  };
  for (const id of runbook.match?.detector ?? []) {
    if (isBroken(`${id}.ts`, input)) continue;
    refer({
      path: "match.detector",
      name: id,
      known: [...detectorIds(input), ...serviceDetectorIds],
      what: "detector",
    });
  }
  if (runbook.page !== undefined && runbook.page !== "owner") {
    const known = Object.keys(input.config.teams);
    refer({ path: "page", name: runbook.page, known, what: "team in the configuration called" });
  }
  for (const id of runbook.inhibits) {
    if (isBroken(`${id}.md`, input)) continue;
    refer({ path: "inhibits", name: id, known: input.runbooks.map((other) => other.id), what: "runbook" });
  }
  return problems;
}

function detectorIds(input: CrossCheckInput): string[] {
  return input.detectors.map((detector) => detector.id);
}

function isBroken(name: string, input: CrossCheckInput): boolean {
  return input.problems.some((problem) => basename(problem.file) === name);
}

function hint(name: string, known: readonly string[]): string {
  const meant = didYouMean(name, known);
  if (meant !== undefined) return `; did you mean \`${meant}\`?`;
  return known.length === 0 ? "" : `; known: ${known.join(", ")}`;
}
