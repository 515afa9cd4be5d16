import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Kafka } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, type TestContext, test } from "vitest";
import { blockConfig } from "../../src/block/block-config.ts";
import { DecisionLedger } from "../../src/block/ledger.ts";
import { systemClock } from "../../src/clock.ts";
import { type ClusterConfig, clusterConfig } from "../../src/cluster/cluster-config.ts";
import { Gate } from "../../src/cluster/gate.ts";
import { prepareTopics } from "../../src/cluster/prepare-topics.ts";
import { readCompacted } from "../../src/cluster/read-compacted.ts";
import { topicsOf } from "../../src/cluster/topics.ts";
import { Lifecycle } from "../../src/lifecycle.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { createKafkaClient } from "../../src/source/kafka-client.ts";
import { startDecisions } from "../../src/start-decisions.ts";
import { aDecision } from "../block/a-decision.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startGatewatch } from "../support/gatewatch-process.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const minute = 60_000;
let broker: KafkaBroker;
let missing: string | undefined;
let client: Kafka;
let directory: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const started = await startKafka();
  missing = started.unavailableReason;
  if (!started.broker) return;
  broker = started.broker;
  client = await createKafkaClient({ name: "test", brokers: broker.brokers, tls: false }, silentLog);
});

afterAll(() => broker?.stop());

beforeEach((context: TestContext) => {
  context.skip(missing !== undefined, missing);
  const made = makeTemporaryDirectory();
  ({ directory } = made);
  ends.push(async () => made.remove());
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A cluster of its own. */
async function aCluster(): Promise<ClusterConfig> {
  const cluster = clusterConfig.parse({ brokers: broker.brokers, prefix: `shop-${randomUUID()}`, replication: 1 });
  await prepareTopics({ client, config: cluster, kinds: ["decisions"], log: silentLog, clock: systemClock });
  return cluster;
}

/** Whoever acts, as far as gates are concerned. */
function acting(cluster: ClusterConfig, change: { ledger?: DecisionLedger } = {}) {
  const ledger = change.ledger ?? new DecisionLedger({ clock: systemClock });
  const lifecycle = new Lifecycle(silentLog);
  const fenced: Error[] = [];
  startDecisions({
    ...{
      client,
      cluster,
      ledger,
      lifecycle,
      leader: "http://one",
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics(),
    },
    mayAct: async () => true,
    onFenced: (error) => fenced.push(error),
  });
  const stop = async () => void (await lifecycle.stop());
  ends.push(stop);
  return { ledger, fenced, stop };
}

function aGate(cluster: ClusterConfig, { mode = "enforce", stopFile = join(directory, randomUUID()) } = {}): Gate {
  const gate = new Gate({
    ...{ client, clock: systemClock, log: silentLog, metrics: createMetrics(), proxies: [], stopFile },
    ...{ topic: topicsOf(cluster).decisions.name, config: blockConfig.parse({ mode }) },
    check: { userHeader: "x-gatewatch-user", keyHeader: "x-gatewatch-key" },
  });
  gate.start();
  ends.push(() => gate.stop());
  return gate;
}

const now = () => systemClock.now();
const fresh = (changes: object) => aDecision({ createdAt: now(), ...changes });
const asked = (gate: Gate, address: string) =>
  gate.check({ headers: { "x-real-ip": address }, peer: "127.0.0.1" }).status;

test("a gate refuses a client within milliseconds of the decision, and lets it in again when that is lifted", async () => {
  const cluster = await aCluster();
  const { ledger } = acting(cluster);
  const gate = aGate(cluster);
  await gate.caughtUp;
  ledger.put(fresh({ value: "198.51.100.255" })); // the producer is connected by then
  await eventually("the first", () => asked(gate, "198.51.100.255") === 403);
  const tookMs: number[] = [];
  for (let i = 0; i < 40; i++) {
    const decision = fresh({ value: `203.0.113.${i}` });
    const began = performance.now();
    ledger.put(decision);
    await eventually("a refusal", () => asked(gate, decision.value) === 403);
    tookMs.push(performance.now() - began);
    ledger.put({ ...decision, version: 2, state: "lifted", liftedBy: "alice", liftedAt: now() });
    await eventually("no refusal", () => asked(gate, decision.value) === 200);
  }
  tookMs.sort((a, b) => a - b);
  expect(tookMs[20]).toBeLessThan(150); // 11 ms on two cores that others use too
});

test("a gate that starts knows 50,000 decisions within a second or so, and nothing of what is over", async () => {
  const cluster = await aCluster();
  const { ledger, stop } = acting(cluster);
  const decisions = Array.from({ length: 50_000 }, (_, i) =>
    fresh({ value: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, until: now() + 60 * minute }),
  );
  for (let at = 0; at < decisions.length; at += 5_000) ledger.put(...decisions.slice(at, at + 5_000));
  const over = decisions.slice(0, 100);
  ledger.put(...over.map((one) => ({ ...one, version: 2, state: "expired" as const })));
  const topic = topicsOf(cluster).decisions.name;
  await eventually("all to be published", async () => (await readCompacted(client, topic)).size === 49_901, 90_000);
  await stop();
  const gate = aGate(cluster);
  const began = performance.now();
  await gate.caughtUp;
  const tookMs = performance.now() - began;
  expect(gate.ledger.servedSize).toBe(49_900);
  expect(asked(gate, "10.0.0.5")).toBe(200);
  expect(asked(gate, "10.0.100.5")).toBe(403);
  expect(tookMs).toBeLessThan(5_000); // 0.9 to 1.5 s on two cores that others use too
});

test("who takes over says what differs, and the one before is fenced and says nothing more", async () => {
  const cluster = await aCluster();
  const before = acting(cluster);
  const gate = aGate(cluster);
  await gate.caughtUp;
  const [stays, gone] = [fresh({ value: "203.0.113.1" }), fresh({ value: "203.0.113.2" })];
  before.ledger.put(stays, gone);
  await eventually("both", () => asked(gate, stays.value) === 403 && asked(gate, gone.value) === 403);
  const ledger = new DecisionLedger({ clock: systemClock });
  ledger.put(stays);
  acting(cluster, { ledger });
  await eventually("what the new one knows", () => asked(gate, gone.value) === 200);
  expect(asked(gate, stays.value)).toBe(403);
  before.ledger.put(fresh({ value: "203.0.113.3" }));
  await eventually("the older one to be fenced", () => before.fenced.length > 0);
  expect(asked(gate, "203.0.113.3")).toBe(200);
});

test("blocking that is stopped where it is decided, or by a file here, or by observe, refuses nobody", async () => {
  const cluster = await aCluster();
  const { ledger } = acting(cluster);
  const stopFile = join(directory, randomUUID());
  const [gate, observing] = [aGate(cluster, { stopFile }), aGate(cluster, { mode: "observe" })];
  await Promise.all([gate.caughtUp, observing.caughtUp]);
  const { value } = fresh({});
  ledger.put(fresh({}));
  await eventually("a refusal", () => asked(gate, value) === 403);
  expect(asked(observing, value)).toBe(200);
  ledger.setServing(false);
  await eventually("no refusal", () => asked(gate, value) === 200);
  ledger.setServing(true);
  await eventually("a refusal again", () => asked(gate, value) === 403);
  mkdirSync(stopFile);
  await eventually("no refusal", () => asked(gate, value) === 200);
  rmSync(stopFile, { recursive: true });
  await eventually("a refusal at last", () => asked(gate, value) === 403);
});

test("without Kafka a gate goes on with what it knows, and learns the rest when Kafka is back", async () => {
  const cluster = await aCluster();
  const { ledger } = acting(cluster);
  const gate = aGate(cluster);
  await gate.caughtUp;
  ledger.put(fresh({ value: "203.0.113.1" }), fresh({ value: "203.0.113.2", until: now() + 4_000 }));
  await eventually("both", () => asked(gate, "203.0.113.2") === 403);
  await broker.kill();
  await eventually("one to end by the clock", () => asked(gate, "203.0.113.2") === 200);
  expect(asked(gate, "203.0.113.1")).toBe(403);
  expect(gate.notReady()).toEqual([]);
  ledger.put(fresh({ value: "203.0.113.3" }));
  await broker.restart();
  await eventually("the rest", () => asked(gate, "203.0.113.3") === 403, 60_000);
});

test("gatewatch run --role gate: check, bouncers, readiness and metrics, without a store and without its lock", async () => {
  const cluster = await aCluster();
  const { ledger } = acting(cluster);
  ledger.put(fresh({ value: "203.0.113.1" }));
  const bouncers = await freePort();
  const config = {
    service: { dataDirectory: "data" },
    sources: [{ name: "edge", type: "kafka", brokers: broker.brokers, topic: "access-logs", group: "shop" }],
    store: { type: "server", url: "http://127.0.0.1:1" },
    cluster: { brokers: broker.brokers, prefix: cluster.prefix },
    block: { mode: "enforce" },
    crowdsec: { listen: `127.0.0.1:${bouncers}`, keys: [{ name: "nginx", key: "a-key-of-a-bouncer" }] },
  };
  const gate = await startGatewatch({ directory: join(directory, randomUUID()), config, role: "gate" });
  ends.push(() => gate.kill());
  const check = (address: string) => fetch(`${gate.url}/v1/check/any%2Fpath`, { headers: { "x-real-ip": address } });
  const refused = await check("203.0.113.1");
  expect([refused.status, refused.headers.get("x-gatewatch-action")]).toEqual([403, "ban"]);
  expect((await check("203.0.113.9")).status).toBe(200);
  const ofBouncer = await fetch(`http://127.0.0.1:${bouncers}/v1/decisions/stream?startup=true`, {
    headers: { "x-api-key": "a-key-of-a-bouncer" },
  });
  expect(await ofBouncer.json()).toMatchObject({ new: [{ value: "203.0.113.1", type: "ban" }], deleted: null });
  expect(await gate.metric("gatewatch_gate_caught_up")).toBe(1);
  expect(await gate.metric("gatewatch_block_active_decisions", { served: "true" })).toBe(1);
  expect((await fetch(`${gate.url}/v1/incidents`)).status).toBe(404);
  gate.configure({ ...config, block: { mode: "observe" } });
  await eventually("no refusal", async () => (await check("203.0.113.1")).status === 200);
  expect(await gate.stop()).toBe(0);
});
