import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Problem } from "../errors.ts";
import { checkDefinition } from "./check-definition.ts";
import type { DetectorDefinition } from "./define-detector.ts";
import { allowDetectorImports } from "./detector-imports.ts";
import type { DetectorSettings } from "./detect-config.ts";
import type { ActiveDetector } from "./plan.ts";
import { ranksOf, suppressedByOf } from "./suppressions.ts";

/** Each costs something for every event it looks at. */
const maxDetectors = 256;

export interface LoadedDetector {
  readonly definition: DetectorDefinition;
  readonly file: string;
}

/**
 * Loads every `.ts` or `.js` file of the folders, later folders taking the place of earlier ones by
 * file name. What is wrong with any of them is told at once; the others are loaded all the same.
 */
export async function loadDetectors(
  directories: readonly string[],
): Promise<{ detectors: LoadedDetector[]; problems: Problem[] }> {
  allowDetectorImports();
  const byId = new Map<string, LoadedDetector>();
  const problems: Problem[] = [];
  for (const directory of directories) {
    const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
      problems.push({ file: directory, path: "", message: `the folder can't be read (${error.code})` });
      return [];
    });
    for (const name of names.filter((n) => /\.(ts|js|mts|mjs)$/.test(n) && !n.endsWith(".d.ts")).sort()) {
      const file = join(directory, name);
      const loaded = await loadOne(file);
      if (Array.isArray(loaded)) problems.push(...loaded);
      else byId.set(loaded.definition.id, loaded);
    }
  }
  return { detectors: [...byId.values()], problems };
}

/** Applies the configuration: parameters are checked against each detector's own schema, `off` ones left out. */
export function activateDetectors(
  loaded: readonly LoadedDetector[],
  settings: Readonly<Record<string, DetectorSettings>>,
): { detectors: ActiveDetector[]; problems: Problem[] } {
  const detectors: ActiveDetector[] = [];
  const problems: Problem[] = [];
  const known = new Set(loaded.map(({ definition }) => definition.id));
  if (loaded.length > maxDetectors) {
    const message = `${loaded.length} detectors were found, ${maxDetectors} are the most there may be`;
    problems.push({ file: "configuration", path: "detectors.directories", message });
  }
  for (const id of Object.keys(settings)) {
    if (known.has(id)) continue;
    const message = `there is no detector "${id}"; there are ${[...known].sort().join(", ")}`;
    problems.push({ file: "configuration", path: `detectors.${id}`, message });
  }
  problems.push(...suppressionProblems(loaded));
  for (const { definition } of loaded) {
    const own = settings[definition.id] ?? { mode: "active", params: {} };
    const params = definition.params.safeParse(own.params);
    if (!params.success) {
      for (const issue of params.error.issues) {
        problems.push({
          file: "configuration",
          path: ["detectors", definition.id, "params", ...issue.path.map(String)].join("."),
          message: issue.message,
          example: JSON.stringify(definition.params.parse({})),
        });
      }
    } else if (own.mode !== "off") {
      detectors.push({ definition, params: params.data, mode: own.mode });
    }
  }
  return { detectors, problems };
}

/** Whoever holds a detector back must exist, and may not be held back by it in turn. */
function suppressionProblems(loaded: readonly LoadedDetector[]): Problem[] {
  const ids = loaded.map(({ definition }) => definition.id);
  const others = loaded.map(({ definition }) =>
    suppressedByOf(definition.suppressedBy).map(({ detector }) => detector),
  );
  const ranks = ranksOf(others.map((named) => named.map((id) => ids.indexOf(id)).filter((index) => index !== -1)));
  return loaded.flatMap(({ file }, i) => {
    const unknown = others[i]!.filter((id) => !ids.includes(id));
    const problems = unknown.map((id) => ({ file, path: "suppressedBy", message: `there is no detector "${id}"` }));
    if (ranks[i]! < loaded.length) return problems;
    return [...problems, { file, path: "suppressedBy", message: "goes in a circle: it would hold itself back" }];
  });
}

async function loadOne(file: string): Promise<LoadedDetector | Problem[]> {
  try {
    // A changed file is another module: the hash makes a reload read it anew.
    const hash = createHash("sha256")
      .update(await readFile(file))
      .digest("hex")
      .slice(0, 12);
    const module = (await import(`${pathToFileURL(file).href}?v=${hash}`)) as { default?: unknown };
    const { definition, problems } = checkDefinition(file, module.default);
    return definition ? { definition, file } : problems;
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : String(error);
    return [{ file, path: basename(file), message: `the file can't be loaded: ${message}` }];
  }
}
