import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crowdsecConfig } from "../../src/block/block-config.ts";
import { createCrowdsecServer } from "../../src/block/crowdsec-server.ts";
import type { Decision } from "../../src/block/decision.ts";
import { DecisionLedger } from "../../src/block/ledger.ts";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { aDecision } from "../block/a-decision.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";

const missing = bouncerMissing();
const key = "a-key-of-one-test-only";

describe.skipIf(missing)(`Debian's crowdsec-custom-bouncer${missing ? ` (${missing})` : ""}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "gatewatch-bouncer-"));
  const calls = join(directory, "calls");
  const ledger = new DecisionLedger({ clock: systemClock });
  let server: FastifyInstance;
  let bouncer: ChildProcess;
  let said = "";

  const called = () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []);
  const call = (start: string) =>
    eventually(`the bouncer to run its script with: ${start}`, () => called().find((line) => line.startsWith(start)));
  const ending = (decision: Decision): Decision => ({
    ...decision,
    version: decision.version + 1,
    state: "lifted",
    liftedBy: "alice",
    liftedAt: Date.now(),
  });
  const standing = (changes: Partial<Decision>) =>
    aDecision({ createdAt: Date.now(), until: Date.now() + 3_600_000, ...changes });
  const early = standing({ value: "203.0.113.1" });

  beforeAll(async () => {
    ledger.put(early, standing({ value: "203.0.113.99", dryRun: true }));
    const config = crowdsecConfig.parse({ keys: [{ name: "custom", key }] });
    server = createCrowdsecServer({
      ledger,
      keys: config?.keys ?? [],
      types: config?.types ?? [],
      clock: systemClock,
      metrics: createMetrics(),
      log: silentLog,
    });
    await server.listen({ host: "127.0.0.1", port: 0 });
    const { port } = server.server.address() as AddressInfo;
    const script = join(directory, "script.sh");
    writeFileSync(script, `#!/bin/sh\necho "$1 $2 $3 $4" >> ${calls}\n`);
    chmodSync(script, 0o755);
    const file = join(directory, "bouncer.yaml");
    writeFileSync(file, bouncerConfig({ script, directory, apiPort: port, metricsPort: await freePort() }));
    bouncer = spawn("crowdsec-custom-bouncer", ["-c", file], { stdio: ["ignore", "pipe", "pipe"] });
    bouncer.stdout?.on("data", (text: Buffer) => (said += text.toString()));
    bouncer.stderr?.on("data", (text: Buffer) => (said += text.toString()));
  });

  afterAll(async () => {
    if (bouncer?.exitCode === null) {
      const exited = new Promise((resolve) => bouncer.once("exit", resolve));
      bouncer.kill("SIGTERM");
      await exited;
    }
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("is told at its start of what holds, and of no dry run", async () => {
    expect(await call("add 203.0.113.1 ")).toMatch(/^add 203\.0\.113\.1 3(599|600) /);
    expect(called().join("\n")).not.toContain("203.0.113.99");
  });

  test("is told of a new decision on an address, and of its lifting", async () => {
    const decision = standing({ value: "203.0.113.7" });
    ledger.put(decision);
    await call("add 203.0.113.7 ");
    ledger.put(ending(decision));
    await call("del 203.0.113.7 ");
  });

  test("is told of an IPv6 client by its /64", async () => {
    const decision = standing({ scope: "range", value: "2001:db8::/64" });
    ledger.put(decision);
    await call("add 2001:db8::/64 ");
    ledger.put(ending(decision));
    await call("del 2001:db8::/64 ");
  });

  test("is emptied by stop-blocking, and filled again", async () => {
    const before = called().length;
    ledger.setServing(false);
    await call("del 203.0.113.1 ");
    ledger.setServing(true);
    await eventually("the ban to come back", () =>
      called()
        .slice(before)
        .some((line) => line.startsWith("add 203.0.113.1 ")),
    );
  });

  test("complains about nothing", () => {
    expect(said.split("\n").filter((line) => /level=(error|fatal)/.test(line))).toEqual([]);
    expect(bouncer.exitCode).toBeNull();
  });
});

// helpers

function bouncerMissing(): string | undefined {
  if (!spawnSync("crowdsec-custom-bouncer", ["-version"]).error) return undefined;
  const reason = "crowdsec-custom-bouncer (Debian package of that name) is not installed";
  if (process.env["CI"]) throw new Error(reason);
  return reason;
}

function bouncerConfig(options: { script: string; directory: string; apiPort: number; metricsPort: number }): string {
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
api_key: ${key}
prometheus:
  enabled: false
  listen_addr: 127.0.0.1
  listen_port: ${options.metricsPort}
`;
}
