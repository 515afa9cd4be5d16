import type { AddressInfo } from "node:net";
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
import { bouncerMissing, type CrowdsecBouncer, startBouncer } from "../support/crowdsec-bouncer.ts";
import { eventually } from "../support/eventually.ts";

const missing = bouncerMissing();
const key = "a-key-of-one-test-only";

describe.skipIf(missing)(`Debian's crowdsec-custom-bouncer${missing ? ` (${missing})` : ""}`, () => {
  const ledger = new DecisionLedger({ clock: systemClock });
  let server: FastifyInstance;
  let bouncer: CrowdsecBouncer;

  const call = (start: string) =>
    eventually(`the bouncer to run its script with: ${start}`, () =>
      bouncer.calls().find((line) => line.startsWith(start)),
    );
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
    bouncer = await startBouncer({ apiPort: port, key });
  });

  afterAll(async () => {
    await bouncer?.stop();
    await server?.close();
  });

  test("is told at its start of what holds, and of no dry run", async () => {
    expect(await call("add 203.0.113.1 ")).toMatch(/^add 203\.0\.113\.1 3(599|600) /);
    expect(bouncer.calls().join("\n")).not.toContain("203.0.113.99");
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
    const before = bouncer.calls().length;
    ledger.setServing(false);
    await call("del 203.0.113.1 ");
    ledger.setServing(true);
    await eventually("the ban to come back", () =>
      bouncer
        .calls()
        .slice(before)
        .some((line) => line.startsWith("add 203.0.113.1 ")),
    );
  });

  test("complains about nothing", () => {
    expect(bouncer.complaints()).toEqual([]);
  });
});
