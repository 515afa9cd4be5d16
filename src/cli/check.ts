import { invalidFiles, readConfig } from "../config.ts";
import { loadFiles } from "../config-files.ts";
import type { LoadedDetector } from "../detect/load-detectors.ts";
import { runExample } from "../detect/run-example.ts";
import type { Problem } from "../errors.ts";
import { loadProxies } from "../load-proxies.ts";
import { shippedPath } from "../shipped-path.ts";
import { openGeoFile } from "../normalize/geo-file.ts";
import { ownGeoFiles } from "../normalize/geo-lookup.ts";
import type { CliContext } from "./cli-context.ts";

/**
 * `gatewatch check`: validates configuration, detectors and runbooks, and starts nothing. Throws
 * `CONFIG_INVALID` with all problems, or `GEO_INVALID`, else prints what was found.
 */
export async function runCheck(configFile: string, context: CliContext): Promise<number> {
  const result = await readConfig(configFile, context.env);
  if (result.kind === "bad") {
    const { problems, rules, lineOf } = result;
    const files = rules && (await loadFiles({ config: rules, configFile, lineOf }));
    throw invalidFiles(configFile, [...problems, ...(files?.problems ?? [])]);
  }
  const { config, lineOf } = result;
  const { detectors, runbooks, problems } = await loadFiles({ config, configFile, lineOf });
  if (problems.length > 0) throw invalidFiles(configFile, problems);

  await loadProxies(config, configFile);
  const wrong = detectors.filter(({ file }) => !file.startsWith(shippedPath("detectors"))).flatMap(failedExamples);
  if (wrong.length > 0) throw invalidFiles(configFile, wrong);

  for (const file of ownGeoFiles(config.geo)) await openGeoFile(file);

  const off = detectors.filter((detector) => config.detectors[detector.definition.id]?.mode === "off").length;
  const found = [
    amount(config.sources.length, "source"),
    amount(config.endpoints.length, "endpoint"),
    amount(detectors.length, "detector") + (off === 0 ? "" : ` (${off} off)`),
    amount(runbooks.length, "runbook"),
    amount(Object.keys(config.teams).length, "team"),
    amount(Object.keys(config.channels).length, "channel"),
    amount(config.gateways.length, "gateway"),
  ];
  const handled = new Set(runbooks.flatMap((runbook) => runbook.match?.detector ?? []));
  for (const { definition } of detectors.filter((detector) => !handled.has(detector.definition.id))) {
    context.stdout(
      `Note: no runbook names the detector ${definition.id}: what it finds is kept, and opens no incident.\n`,
    );
  }
  context.stdout(`${configFile} is good: ${found.join(", ")}; blocking: ${config.block.mode}.\n`);
  return 0;
}

// helpers

/** A detector of one's own does what its examples say; the shipped ones are tested. */
function failedExamples({ definition, file }: LoadedDetector): Problem[] {
  return definition.examples.flatMap((example) => {
    const path = `examples "${example.name}"`;
    try {
      const fires = runExample(definition, example).length > 0;
      if (fires === example.fires) return [];
      const message = fires
        ? "the detector fires, and is expected to stay silent"
        : "the detector stays silent, and is expected to fire";
      return [{ file, path, message }];
    } catch (error) {
      return [{ file, path, message: `the detector fails: ${String(error)}` }];
    }
  });
}

function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
