import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { startRole } from "../src/start-role.ts";
import { freePort } from "./support/free-port.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";
import { systemClock } from "../src/clock.ts";

async function started(cluster: object | undefined) {
  const directory = temporaryDirectory();
  const configFile = join(directory, "gatewatch.yaml");
  const port = await freePort();
  const given = {
    service: { dataDirectory: join(directory, "data") },
    api: { listen: `127.0.0.1:${port}` },
    sources: [{ name: "edge", type: "kafka", brokers: ["127.0.0.1:1"], topic: "access-logs", group: "shop" }],
    store: { type: "server", url: "http://127.0.0.1:1" },
    ...(cluster && { cluster }),
  };
  writeFileSync(configFile, JSON.stringify(given));
  const config = await loadConfig(configFile, {});
  const log = createLog({ level: "silent", name: "test" });
  const service = startRole({ config, configFile, env: {}, log, clock: systemClock, role: "gate" });
  return { service, url: `http://127.0.0.1:${port}` };
}

test("a role without a cluster is refused", async () => {
  const { service } = await started(undefined);
  await expect(service).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("needs a cluster") as string,
  });
});

test("a gate that finds no brokers is alive, not ready, lets everybody in, and can be stopped", async () => {
  const { service, url } = await started({ brokers: ["127.0.0.1:1"] });
  const gate = await service;
  const statuses = ["/healthz", "/readyz", "/v1/check"].map(async (path) => (await fetch(url + path)).status);
  expect(await Promise.all(statuses)).toEqual([200, 503, 200]);
  await gate.stop("SIGTERM");
});
