import { expect, onTestFinished, test } from "vitest";
import { listenCrowdsec } from "../../src/block/listen-crowdsec.ts";
import { DecisionLedger } from "../../src/block/ledger.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { TestClock } from "../support/test-clock.ts";

// Fastify writes into the options it is given; a reload would take that for a change by a person.
test("leaves the configuration as it was", async () => {
  const clock = new TestClock();
  const config = { listen: { host: "127.0.0.1", port: 0 }, keys: [], types: ["ban" as const] };
  const parts = { ledger: new DecisionLedger({ clock }), clock, metrics: createMetrics(), log: silentLog };
  const server = await listenCrowdsec(config, parts);
  onTestFinished(() => server.close());
  expect(config.listen).toEqual({ host: "127.0.0.1", port: 0 });
});
