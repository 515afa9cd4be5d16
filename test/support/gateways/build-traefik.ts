import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Makes the program `traefik` in the folder. `go install` refuses Traefik, whose go.mod replaces
 * modules; built in its own source, it is the main module and may. What gets certificates by DNS is
 * left out: a hundred clouds' clients that no log line passes through, some of which the module
 * proxy does not have.
 */
export async function buildTraefik(version: string, into: string): Promise<void> {
  const source = join(into, "source");
  const lego = join(into, "lego");
  const env = { ...process.env, GOFLAGS: "-mod=mod -buildvcs=false", GOWORK: "off", GOGC: "200" };
  const go = async (cwd: string, ...args: string[]) =>
    (await run("go", args, { cwd, env, maxBuffer: 16 * 2 ** 20 })).stdout.trim();

  await copyWritable(await moduleFolder(go, into, `github.com/traefik/traefik/v3@${version}`), source);
  const legoModule = "github.com/go-acme/lego/v4";
  const legoVersion = await go(source, "list", "-m", "-f", "{{.Version}}", legoModule);
  await copyWritable(await moduleFolder(go, into, `${legoModule}@${legoVersion}`), lego);
  rmSync(join(lego, "providers"), { recursive: true });
  mkdirSync(join(lego, "providers/dns"), { recursive: true });
  writeFileSync(join(lego, "providers/dns/none.go"), noDnsProviders);

  await go(source, "mod", "edit", "-replace", `${legoModule}=${lego}`);
  // Nobody measures how fast it is: without optimizing, it is built in two thirds of the time.
  await go(source, "build", "-gcflags=all=-N -l", "-ldflags=-s -w", "-o", join(into, "traefik"), "./cmd/traefik");
  rmSync(source, { recursive: true });
  rmSync(lego, { recursive: true });
}

// helpers

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
