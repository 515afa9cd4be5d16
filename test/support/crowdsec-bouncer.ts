import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

/** Debian's bouncer; instead of blocking it writes down what it is told. */
export interface CrowdsecBouncer {
  /** Its calls so far, the oldest first: `add 203.0.113.7 899 …`, `del …`. */
  calls(): string[];
  /** What it complained about. */
  complaints(): string[];
  stop(): Promise<void>;
}

/** Why tests with the real bouncer can't run here; throws in CI. */
export function bouncerMissing(): string | undefined {
  if (!spawnSync("crowdsec-custom-bouncer", ["-version"]).error) return undefined;
  const reason = "crowdsec-custom-bouncer (Debian package of that name) is not installed";
  if (process.env["CI"]) throw new Error(reason);
  return reason;
}

/** Starts `crowdsec-custom-bouncer`, which asks the listener on `apiPort` ten times a second. */
export async function startBouncer(options: { apiPort: number; key: string }): Promise<CrowdsecBouncer> {
  const directory = mkdtempSync(join(tmpdir(), "gatewatch-bouncer-"));
  const calls = join(directory, "calls");
  const script = join(directory, "script.sh");
  writeFileSync(script, `#!/bin/sh\necho "$1 $2 $3 $4" >> ${calls}\n`);
  chmodSync(script, 0o755);
  const file = join(directory, "bouncer.yaml");
  writeFileSync(file, bouncerConfig({ ...options, script, directory, metricsPort: await freePort() }));

  const bouncer = spawn("crowdsec-custom-bouncer", ["-c", file], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  bouncer.stdout.on("data", (text: Buffer) => (said += text.toString()));
  bouncer.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const exited = new Promise<void>((resolve) => bouncer.once("exit", () => resolve()));
  return {
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []),
    complaints() {
      const lines = said.split("\n").filter((line) => /level=(error|fatal)/.test(line));
      return bouncer.exitCode === null ? lines : [...lines, `it ended with ${bouncer.exitCode}`];
    },
    async stop() {
      bouncer.kill("SIGTERM");
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

// helpers

function bouncerConfig(options: {
  script: string;
  directory: string;
  apiPort: number;
  metricsPort: number;
  key: string;
}): string {
  return `bin_path: ${options.script}
feed_via_stdin: false
total_retries: 0
scenarios_containing: []
scenarios_not_containing: []
origins: []
piddir: ${options.directory}
update_frequency: 100ms
cache_retention_duration: 100ms
daemonize: false
log_mode: stdout
log_level: info
api_url: http://127.0.0.1:${options.apiPort}/
api_key: ${options.key}
prometheus:
  enabled: false
  listen_addr: 127.0.0.1
  listen_port: ${options.metricsPort}
`;
}
