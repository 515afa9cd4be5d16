import { watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "./clock.ts";
import { readConfig, type Config, type Environment } from "./config.ts";
import { GatewatchError, type Problem } from "./errors.ts";

/** What a look at the files brought: a configuration to go on with, or why the last good one stays. */
export type ConfigUpdate =
  | {
      readonly kind: "good";
      readonly config: Config;
      /** Keys that changed since the start and hold only after a restart. */
      readonly needsRestart: readonly string[];
    }
  | { readonly kind: "bad"; readonly problems: readonly Problem[] };

export interface ConfigWatcher {
  /** Looks at once, even when nothing seems changed (SIGHUP; a secret in a mounted file). */
  reload(): Promise<void>;
  stop(): void;
}

export interface WatchConfigOptions {
  readonly file: string;
  readonly env: Environment;
  readonly clock: Clock;
  /** The configuration the service was started with. */
  readonly started: Config;
  /** The folders of detectors and runbooks of a configuration, and the files it is kept in beside its own. */
  readonly directoriesOf: (config: Config) => readonly string[];
  /** Called after every change of a watched file, one call at a time. */
  readonly onUpdate: (update: ConfigUpdate) => void | Promise<void>;
  /** Calls back when something in a folder changes; the result ends it. The system's own unless given. */
  readonly watchDirectory?: (directory: string, changed: () => void) => () => void;
}

/** Sections that are taken over while the service runs; all others are built into it at the start. */
const reloadable = new Set([
  "proxies",
  "block",
  "detectors",
  "runbooks",
  "teams",
  "channels",
  "endpoints",
  "endpointFiles",
]);

/** The keys that differ between two configurations and need a restart: `sources`, `api.listen`. */
export function restartOnly(before: Config, after: Config): string[] {
  return Object.keys(after)
    .filter((section) => !reloadable.has(section))
    .flatMap((section) => differences(section, before[section as keyof Config], after[section as keyof Config]));
}

/**
 * Watches the configuration file and the folders of detectors and runbooks. The system's
 * notifications make it quick; a look every five seconds finds what they miss (network file systems,
 * links that are switched over). What a change means is for `onUpdate`: the last good one is its to keep.
 */
export async function watchConfig(options: WatchConfigOptions): Promise<ConfigWatcher> {
  const { file, env, clock, started, directoriesOf, onUpdate, watchDirectory = watchWithSystem } = options;
  let good = directoriesOf(started);
  let directories = good;
  let seen = await fingerprint(file, directories);
  let endWatching: (() => void)[] = [];
  let cancelLook: (() => void) | undefined;
  let turn = Promise.resolve();

  const watchAll = () => {
    for (const end of endWatching) end();
    const folders = new Set([dirname(resolve(file)), ...directories]);
    endWatching = [...folders].map((folder) => watchDirectory(folder, lookSoon));
  };
  const look = (mode: "changed" | "always") => {
    turn = turn.then(async () => {
      const now = await fingerprint(file, directories);
      if (mode === "changed" && now === seen) return;
      const update = await readUpdate(file, env, started);
      if (update.kind === "good") good = directoriesOf(update.config);
      directories = update.kind === "good" ? good : [...new Set([...good, ...filesOf(update.problems, file)])];
      watchAll();
      // Taken before reading, so that a change made meanwhile is found at the next look. So are
      // folders that have just been added: one look too many, which changes nothing.
      seen = now;
      await onUpdate(update);
    });
    return turn;
  };
  // An editor writes in several steps; 200 ms later it is done.
  const lookSoon = () => {
    cancelLook?.();
    cancelLook = clock.after(200, () => void look("changed"));
  };

  watchAll();
  const stopPolling = clock.every(5_000, () => void look("changed"));
  return {
    reload: () => look("always"),
    stop() {
      stopPolling();
      cancelLook?.();
      for (const end of endWatching) end();
    },
  };
}

// helpers

async function readUpdate(file: string, env: Environment, started: Config): Promise<ConfigUpdate> {
  try {
    const result = await readConfig(file, env);
    if (result.kind === "bad") return result;
    return { kind: "good", config: result.config, needsRestart: restartOnly(started, result.config) };
  } catch (error) {
    if (!(error instanceof GatewatchError)) throw error;
    return { kind: "bad", problems: [{ file, path: "line 1", message: error.message }] };
  }
}

/** Files that were perhaps named just now, and are looked at until they are mended. */
function filesOf(problems: readonly Problem[], configFile: string): string[] {
  return problems.map(({ file }) => file).filter((file) => file !== configFile);
}

/** Names, sizes and times of all watched files; differs when one of them changed. */
async function fingerprint(file: string, directories: readonly string[]): Promise<string> {
  const files = [file];
  for (const directory of directories) {
    const names = await readdir(directory).catch(() => []); // a folder that is missing is a problem of its loader
    files.push(directory, ...names.map((name) => join(directory, name)));
  }
  const lines = await Promise.all(
    files.map(async (path) => {
      const found = await stat(path).catch(() => undefined); // gone since it was listed: differs from what was
      return `${path} ${found?.mtimeMs} ${found?.size} ${found?.ino}`;
    }),
  );
  return lines.join("\n"); // in the order the system lists a folder, which is the same while nothing changes
}

function watchWithSystem(directory: string, changed: () => void): () => void {
  try {
    const watcher = watch(directory, { persistent: false }, changed);
    // The folder went away, or the system has no watches left: the look every five seconds remains.
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {}; // as above
  }
}

function differences(path: string, before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isMap(before) || !isMap(after) || path.includes(".")) return [path];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differences(`${path}.${key}`, before[key], after[key]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
