import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { runTry } from "../../src/cli/try.ts";
import { testCliContext } from "../support/cli-context.ts";
import { arrivedAt } from "../support/normalizing.ts";
import { TestClock } from "../support/test-clock.ts";
import { tempDirectory } from "../support/temp-directory.ts";

const users = ["anna", "ben", "cleo", "dora"];
const lines = (make: (i: number, time: number) => object) =>
  Array.from({ length: 60 }, (_, i) => JSON.stringify(make(i, arrivedAt + i * 1000))).join("\n");

const requests = lines((_, time) => ({
  ...{ msec: (time / 1000).toFixed(3), remote_addr: "198.51.100.23", method: "POST", uri: "/login" },
  ...{ status: 200, request_time: 0.01 },
}));
const events = lines((i, time) => ({
  ...{ event: "login.failed", time, userId: users[i % 4], clientIp: "198.51.100.23" },
}));

const counting = (attempts: string) =>
  `geo: { database: none }\nendpoints:\n  - { method: POST, route: /login, class: login, attempts: ${attempts} }\n`;

describe("logins that answer 200 whatever happens", () => {
  test("with shop events that count, the attack is found, and what each log lacks is told", async () => {
    const text = await tried(counting("shop"), { "access.log": requests, "shop.jsonl": events });
    expect(text).toContain("over 4 accounts");
    expect(text).toMatch(/shop\.jsonl, shop-event: 60 events\n\s+never\s+peerIp/);
    expect(text).toMatch(/access\.log, nginx-json: 60 events/);
    expect(text).not.toContain("are not counted");
  });

  test("with shop events that don't, it says so", async () => {
    const text = await tried(counting("gateway"), { "access.log": requests, "shop.jsonl": events });
    expect(text).toContain(
      "shop events of login are not counted as attempts: no endpoint of that class says `attempts: shop`",
    );
    expect(text).not.toContain("over 4 accounts");
  });

  test("without the events that are to count, the detectors of attempts are blind", async () => {
    const text = await tried(counting("shop"), { "access.log": requests });
    expect(text).toMatch(/credential-stuffing\s+BLIND: its attempts are counted from shop events, and there is none/);
    expect(text).toMatch(/attempt\s+how attempts end: send shop events/);
  });
});

async function tried(config: string, logs: Readonly<Record<string, string>>): Promise<string> {
  const folder = tempDirectory();
  const files = Object.entries(logs).map(([name, content]) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  });
  writeFileSync(join(folder, "gatewatch.yaml"), config);
  const { context, printed } = testCliContext({ runTry, clock: new TestClock(arrivedAt + 3_600_000) });
  await runCli(["--config", join(folder, "gatewatch.yaml"), "try", ...files], context);
  return printed.stdout;
}
