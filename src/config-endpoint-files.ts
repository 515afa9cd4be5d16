import { readFile } from "node:fs/promises";
import { z } from "zod";
import { formatPath, parseConfigText } from "./config-document.ts";
import { describeIssues } from "./config-problems.ts";
import { findUnknownOwners } from "./config-references.ts";
import { configJsonSchema, type Config } from "./config-schema.ts";
import type { Problem } from "./errors.ts";
import type { JsonSchema } from "./json-schema.ts";
import { endpointsConfig, maxInventory } from "./normalize/endpoint-config.ts";

/** A configuration whose inventory is complete, or what is wrong with the files it is kept in. */
export type WithEndpoints =
  | { readonly kind: "good"; readonly config: Config }
  | { readonly kind: "bad"; readonly problems: readonly Problem[] };

/** Adds the endpoints of `endpointFiles` to those of the configuration, whose own come first. Nothing in these files is filled in from the environment. */
export async function withEndpointFiles(config: Config): Promise<WithEndpoints> {
  const read = await Promise.all(config.endpointFiles.map((file) => readEndpointFile(file, Object.keys(config.teams))));
  const problems = read.flatMap((one) => ("problems" in one ? one.problems : []));
  if (problems.length > 0) return { kind: "bad", problems };
  const endpoints = [...config.endpoints, ...read.flatMap((one) => ("endpoints" in one ? one.endpoints : []))];
  if (endpoints.length > maxInventory) {
    const message = `${endpoints.length} endpoints are too many: expected at most ${maxInventory} in all files together`;
    return { kind: "bad", problems: [{ file: config.endpointFiles.at(-1) ?? "", path: "endpoints", message }] };
  }
  return { kind: "good", config: { ...config, endpoints } };
}

// helpers

const endpointFile = z.strictObject({ endpoints: endpointsConfig });

/** The part of the configuration's schema that such a file has, for examples in messages. */
function fileSchema(): JsonSchema {
  const { endpoints } = configJsonSchema().properties ?? {};
  return { properties: { ...(endpoints && { endpoints }) } };
}

type EndpointFile = Pick<Config, "endpoints"> | { readonly problems: readonly Problem[] };

async function readEndpointFile(file: string, teams: readonly string[]): Promise<EndpointFile> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return {
      problems: [{ file, path: "line 1", message: `can't be read (${code}); it is named under \`endpointFiles\`` }],
    };
  }
  const document = parseConfigText(text);
  const checked = document.unreadable ? undefined : endpointFile.safeParse(document.value);
  const issues = checked?.error?.issues ?? [];
  const findings = [
    ...document.findings,
    ...describeIssues(issues, { value: document.value, schema: fileSchema() }),
    ...findUnknownOwners(document.value, teams),
  ];
  if (checked?.success && findings.length === 0) return checked.data;
  return {
    problems: findings.map(({ path, message, example, line = document.lineOf(path) }) => ({
      file,
      path: path.length === 0 ? `line ${line ?? 1}` : formatPath(path),
      message,
      ...(line !== undefined && { line }),
      ...(example !== undefined && { example }),
    })),
  };
}
