import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { formatPath, parseConfigText, type ConfigDocument, type ConfigPath, type Finding } from "./config-document.ts";
import { resolvePaths, resolveRulePaths } from "./config-paths.ts";
import { withEndpointFiles } from "./config-endpoint-files.ts";
import { describeIssues } from "./config-problems.ts";
import { findBadReferences } from "./config-references.ts";
import { configJsonSchema, configSchema, rulesSchema, type Config, type RulesConfig } from "./config-schema.ts";
import { hideSecrets, interpolate, type Environment } from "./config-secrets.ts";
import { GatewatchError, type Problem } from "./errors.ts";

export type { Config } from "./config-schema.ts";
export type { Environment } from "./config-secrets.ts";

/** A configuration, or everything that is wrong with it. */
export type ConfigResult =
  | { readonly kind: "good"; readonly config: Config; readonly lineOf: (path: ConfigPath) => number | undefined }
  | {
      readonly kind: "bad";
      readonly problems: readonly Problem[];
      /** The part that names detectors and runbooks, where it is good: what is wrong with them can be told as well. */
      readonly rules: RulesConfig | undefined;
      readonly lineOf: (path: ConfigPath) => number | undefined;
    };

/** The environment of this process; nothing else reads it. */
export function readEnvironment(): Environment {
  return process.env;
}

/**
 * Reads and validates the configuration: secrets filled in, paths made absolute, durations in
 * milliseconds and sizes in bytes. Throws `CONFIG_NOT_FOUND`, or `CONFIG_INVALID` with all problems.
 */
export async function loadConfig(file: string, env: Environment): Promise<Config> {
  const result = await readConfig(file, env);
  if (result.kind === "bad") throw invalidFiles(file, result.problems);
  return result.config;
}

/** As `loadConfig`, but problems are a value. Throws `CONFIG_NOT_FOUND` only. */
export async function readConfig(file: string, env: Environment): Promise<ConfigResult> {
  return withFiles(checkDocument(parseConfigText(await readText(file)), { file, env }));
}

/**
 * The configuration as far as looking at logs goes (`gatewatch try`): nothing in it reaches a store,
 * a channel or a gateway, so their secrets need not be at hand. Without a file: the defaults. Its
 * sources are one called `log`, or with `sources: "as-read"` its own: how each reads its records, as
 * sources that are never started. Throws as `loadConfig`.
 */
export async function loadTrialConfig(
  file: string | undefined,
  env: Environment,
  { sources }: { readonly sources?: "as-read" } = {},
): Promise<Config> {
  const document = parseConfigText(file === undefined ? "" : await readText(file));
  const value = trialPart(document.value, { withSources: sources === "as-read", env });
  const result = await withFiles(checkDocument({ ...document, value }, { file: file ?? "", env }));
  if (result.kind === "bad") throw invalidFiles(file ?? "", result.problems);
  return result.config;
}

/**
 * Reads one section alone, so that a command such as `stop-blocking` works although other sections
 * lack a secret. Relative paths stay as they are. Throws as `loadConfig`.
 */
export async function loadSection<K extends "service" | "cluster" | "api" | "proxies" | "sources" | "store">(
  options: { file: string; env: Environment },
  section: K,
): Promise<Config[K]> {
  const { file, env } = options;
  const document = parseConfigText(await readText(file));
  const whole = document.value as Readonly<Record<string, unknown>> | undefined;
  const { value, findings, secrets } = interpolate({ [section]: whole?.[section] }, env);
  const schema: z.ZodType = configSchema.shape[section];
  const checked = schema.safeParse((value as Record<string, unknown>)[section]);
  const issues = (checked.error?.issues ?? []).map((issue) => ({ ...issue, path: [section, ...issue.path] }));
  const all = [...findings, ...describeIssues(issues, { value, schema: configJsonSchema() })];
  if (document.unreadable) all.unshift(...document.findings);
  if (all.length > 0) throw invalidFiles(file, toProblems(all, { file, document, secrets }));
  return checked.data as Config[K];
}

/** The error that lists what is wrong in the configuration, or in detectors and runbooks it names. */
export function invalidFiles(file: string, problems: readonly Problem[]): GatewatchError {
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  return new GatewatchError("CONFIG_INVALID", `The configuration ${file} has ${count}.`, {
    problems,
    remedy: "Mend what is listed; every key is explained in docs/configuration.md.",
  });
}

// helpers

const trialSections = [
  "formats", "proxies", "endpoints", "endpointFiles", "geo", "redact", "detect", "detectors", "runbooks", "teams", "block",
] as const satisfies readonly (keyof Config)[]; // prettier-ignore

/** What is no map stays as it is, to be found wrong. */
function trialPart(value: unknown, options: { readonly withSources: boolean; readonly env: Environment }): unknown {
  const { withSources, env } = options;
  if (Array.isArray(value) || (value !== undefined && value !== null && typeof value !== "object")) return value;
  const given = (value ?? {}) as Readonly<Record<string, unknown>>;
  const channels = Object.keys(given.channels ?? {});
  const sources = withSources ? readingPart(given.sources) : [];
  return {
    ...(given.privacy !== undefined && { privacy: trialPrivacy(given.privacy, env) }),
    ...Object.fromEntries(trialSections.filter((name) => name in given).map((name) => [name, given[name]])),
    sources: sources.length > 0 ? sources : [{ name: "log", type: "stdin" }],
    // Teams name channels, so those have to be there.
    channels: Object.fromEntries(channels.map((name) => [name, { type: "outbox" }])),
  };
}

/** Whoever has users stored as hashes wants to see no names here either; without the key at hand, by another one. */
function trialPrivacy(privacy: unknown, env: Environment): unknown {
  const isAtHand = interpolate(privacy, env).findings.length === 0;
  return isAtHand ? privacy : { pseudonymKey: randomBytes(16).toString("hex") };
}

const readingKeys = ["name", "gateway", "format", "timeZone", "trustClientIp", "maxRecordBytes"] as const;

/** How sources read their records, without what it takes to reach them. */
function readingPart(sources: unknown): unknown[] {
  if (!Array.isArray(sources)) return [];
  return sources.map((source: unknown) => {
    if (source === null || typeof source !== "object") return source;
    const given = source as Readonly<Record<string, unknown>>;
    const kept = readingKeys.filter((key) => key in given).map((key) => [key, given[key]]);
    return { type: "file", path: "never-read", ...Object.fromEntries(kept) };
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new GatewatchError("CONFIG_NOT_FOUND", `The configuration ${file} can't be read (${code}).`, {
      remedy: "Name the file with --config FILE, and check that this user may read it.",
      cause,
    });
  }
}

function checkDocument(document: ConfigDocument, from: { file: string; env: Environment }): ConfigResult {
  const { file, env } = from;
  const { value, findings, secrets } = interpolate(document.value, env);
  const { lineOf } = document;
  const directory = dirname(resolve(file));
  const checked = document.unreadable ? undefined : configSchema.safeParse(value);
  const all = [...document.findings, ...findings];
  if (checked !== undefined) {
    const described = describeIssues(checked.error?.issues ?? [], { value, schema: configJsonSchema() });
    // Of two findings about one path the first is told, and "there is no source" says more than "expected a list".
    all.push(...findBadReferences(value), ...described);
  }
  if (checked?.success && all.length === 0) {
    return { kind: "good", config: resolvePaths(checked.data, directory), lineOf };
  }
  const rules = document.unreadable ? undefined : rulesSchema.safeParse(value).data;
  return {
    kind: "bad",
    problems: toProblems(all, { file, document, secrets }),
    rules: rules && resolveRulePaths(rules, directory),
    lineOf,
  };
}

/** The files that hold more of it. */
async function withFiles(result: ConfigResult): Promise<ConfigResult> {
  if (result.kind === "bad") return result;
  const whole = await withEndpointFiles(result.config);
  if (whole.kind === "good") return { ...result, config: whole.config };
  return { kind: "bad", problems: whole.problems, rules: result.config, lineOf: result.lineOf };
}

/** One problem for each path, in the order of the file, without secrets. */
function toProblems(
  findings: readonly Finding[],
  context: { file: string; document: ConfigDocument; secrets: readonly string[] },
): Problem[] {
  const { file, document, secrets } = context;
  const byPath = new Map<string, Problem>();
  for (const { path, message, example, line = document.lineOf(path) } of findings) {
    const written = path.length === 0 ? `line ${line ?? 1}` : formatPath(path);
    if (byPath.has(written)) continue;
    byPath.set(written, {
      file,
      path: written,
      message: hideSecrets(message, secrets),
      ...(line !== undefined && { line }),
      ...(example !== undefined && { example: hideSecrets(example, secrets) }),
    });
  }
  return [...byPath.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}
