import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Decision } from "../../src/block/decision.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { Incident } from "../../src/incident/incident.ts";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { connectProducer, type Producer } from "../support/kafka-producer.ts";
import { failedLogin, goodLogin } from "../support/nginx-lines.ts";
import { bodiesOf, type PagedChannels, startChannels } from "../support/paged-channels.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { type Fault, isReady, TwoInstances, withinMs } from "../support/two-instances.ts";

// `npm run handovers` asks for more rounds, and for another seed each time.
const rounds = Number(process.env["GATEWATCH_HANDOVERS"] ?? 3);
const seed = Number(process.env["GATEWATCH_HANDOVER_SEED"] ?? 7);
const shipped = join(import.meta.dirname, "../../runbooks/credential-stuffing.md");

describe(`two instances, and the one that leads is struck ${rounds} times (seed ${seed})`, () => {
  const { directory, remove } = makeTemporaryDirectory();
  let noKafka: string | undefined;
  let kafka: KafkaBroker;
  let clickhouse: ClickHouseHttp;
  let producer: Producer;
  let two: TwoInstances;
  let alone: GatewatchProcess;
  const channels: { two?: PagedChannels; alone?: PagedChannels } = {};

  beforeAll(async () => {
    const started = await startKafka();
    noKafka = started.unavailableReason;
    if (!started.broker) return;
    kafka = started.broker;
    await kafka.createTopic("access-logs", 3);
    producer = await connectProducer(kafka.brokers, "access-logs");
    clickhouse = await ClickHouseHttp.start(join(directory, "clickhouse"));
    // One incident a client, so that every round pages.
    const runbook = readFileSync(shipped, "utf8").replace("group: [endpointClass]", "group: [clientIp]");
    mkdirSync(join(directory, "runbooks"));
    writeFileSync(join(directory, "runbooks/credential-stuffing.md"), runbook);
    channels.two = await startChannels();
    channels.alone = await startChannels();
    two = await TwoInstances.start(directory, {
      ...config(kafka, "two", directory),
      ...channels.two.config,
      cluster: { brokers: kafka.brokers, prefix: "shop-guard" },
      store: { type: "server", url: clickhouse.url, database: "shop_guard" },
    });
    alone = await startGatewatch({
      directory: join(directory, "alone"),
      config: { ...config(kafka, "alone", directory), ...channels.alone.config },
    });
  });
  beforeEach(({ skip }) => skip(noKafka !== undefined, noKafka));
  afterAll(async () => {
    await two?.stop();
    await alone?.kill();
    await producer?.close();
    await channels.two?.close();
    await channels.alone?.close();
    await clickhouse?.stop();
    await kafka?.stop();
    remove();
  });

  test(
    "the other goes on in time, and the one that comes back harms nothing",
    { timeout: 60_000 + rounds * 40_000 },
    async () => {
      const customers = Array.from({ length: 30 }, (_, i) => goodLogin(Date.now(), `198.51.100.${i}`, `customer-${i}`));
      await producer.send(customers);
      const took: string[] = [];
      for (const [round, { fault, before, after }] of strikes().entries()) {
        const client = `203.0.113.${round}`;
        await two.recovered();
        await producer.send(attempts(client, 0, 5), round % 3);
        await pause(before);
        const rest = pause(after).then(() => producer.send(attempts(client, 5, 10), round % 3));
        const ms = await two.strike(fault, async () => {
          await rest;
          await producer.send([goodLogin(Date.now(), "198.51.100.1", "customer-1")]);
        });
        took.push(`${fault} ${Math.round(ms)} ms`);
        expect(ms, `${fault} in round ${round}`).toBeLessThan(withinMs[fault]);
        expect(await isReady(two.leader)).toBe(true);
      }
      process.stdout.write(`hand-overs: ${took.join(", ")}\n`);
      await two.recovered();
      expect(await isReady(two.warm)).toBe(false);
      // Somebody has to move the time on, or the last one would never be complete.
      await eventually("both to seal all detections", async () => {
        await producer.send([goodLogin(Date.now(), "198.51.100.1", "customer-1")], 0);
        await pause(200);
        const all = await Promise.all([two.leader, alone].map(sealed));
        return all.every((found) => found.length >= rounds);
      });
    },
  );

  test("no detection is lost or doubled, and each is as if there had been one instance", async () => {
    const [found, expected] = await Promise.all([sealed(two.leader), sealed(alone)]);
    expect(expected).toHaveLength(rounds);
    expect(found).toEqual(expected);
    expect(found.map(({ counters }) => counters["failures"])).toEqual(found.map(() => 10));
  });

  test("incidents and decisions are the same, and each decision was made once", async () => {
    const [found, expected] = await Promise.all([incidentsOf(two.leader), incidentsOf(alone)]);
    expect(found).toEqual(expected);
    expect(found).toHaveLength(rounds);
    const [decided, expectedDecisions] = await Promise.all([decisionsOf(two.leader), decisionsOf(alone)]);
    expect(decided).toEqual(expectedDecisions);
    expect(decided).toHaveLength(rounds);
    const kept = await clickhouse.query(
      "shop_guard",
      "SELECT uniqExact(uuid) AS made FROM decisions FORMAT JSONEachRow",
    );
    expect(kept).toEqual([{ made: rounds }]);
  });

  test("each page comes once where the channel can tell, and at most twice elsewhere", async () => {
    const incidents = await incidentsOf(two.leader);
    const { pagerduty, hook, slack, smtp } = channels.two!;
    const keys = () => bodiesOf<{ dedup_key: string }>(pagerduty.requests).map(({ dedup_key }) => dedup_key);
    const ids = () => hook.requests.map(({ headers }) => headers["webhook-id"]);
    await eventually("all pages", () => new Set(keys()).size >= rounds && new Set(ids()).size >= rounds);
    expect(new Set(keys())).toEqual(new Set(incidents));
    expect(new Set(ids()).size).toBe(rounds);
    const texts = [slack.requests.map(({ body }) => body), smtp.mails.map(({ raw }) => raw.replaceAll("=\r\n", ""))];
    for (const told of texts) {
      const times = incidents.map((id) => told.filter((text) => text.includes(id)).length);
      expect(Math.min(...times)).toBeGreaterThan(0);
      expect(Math.max(...times)).toBeLessThanOrEqual(2);
    }
  });

  test("gateways and people are answered by the warm one as well, and what they do is done once, by the leader", async () => {
    const { leader, warm } = two;
    const check = (of: GatewatchProcess) =>
      fetch(`${of.url}/v1/check`, { headers: { "x-real-ip": "203.0.113.0" } }).then(({ status, headers }) => [
        status,
        headers.get("x-gatewatch-reference"),
      ]);
    expect(await check(warm)).toEqual(await check(leader));
    expect(await check(warm)).toEqual([403, expect.any(String)]);
    const [incident] = await incidentsOf(leader);
    expect(await incidentsOf(warm)).toEqual(await incidentsOf(leader));
    const ask = (path: string, body?: object) =>
      fetch(`${warm.url}${path}`, {
        method: "POST",
        ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
    expect((await ask(`/v1/incidents/${incident}/acknowledge`)).status).toBe(200);
    const { incident: seen } = await leader.get<{ incident: Incident }>(`/v1/incidents/${incident}`);
    expect(seen).toMatchObject({ state: "acknowledged", acknowledgedBy: "local" });
    const block = { scope: "ip", value: "198.51.100.99", action: "ban", for: "15m", reason: "reported" };
    const made = await ask("/v1/decisions", block);
    expect(made.status).toBe(201);
    const { decision } = (await made.json()) as { decision: Decision };
    expect((await ask("/v1/decisions", { ...block, for: "never" })).status).toBe(400);
    await fetch(`${warm.url}/v1/decisions/${decision.id}`, { method: "DELETE" });
    const { decisions } = await leader.get<{ decisions: Decision[] }>("/v1/decisions?value=198.51.100.99");
    expect(decisions).toMatchObject([{ uuid: decision.uuid, state: "lifted", liftedBy: "local" }]);
    const stream = await fetch(`${warm.url}/v1/events`);
    expect([stream.status, await stream.text()]).toEqual([503, expect.stringContaining("Ask http")]);
    expect((await fetch(`${warm.url}/`)).status).toBe(200);
  });
});

// helpers

function config(kafka: KafkaBroker, group: string, directory: string): Record<string, unknown> {
  return {
    service: { dataDirectory: "./data", log: { level: "debug" } },
    sources: [{ name: "edge", type: "kafka", brokers: kafka.brokers, topic: "access-logs", group, from: "earliest" }],
    endpoints: [{ method: "POST", route: "/api/login", class: "login", owner: "identity" }],
    runbooks: { directories: [join(directory, "runbooks")] },
    block: { mode: "enforce" },
    pages: { perTeamPerHour: 1000 },
    detect: { lateness: "1s", idleAfter: "2s", saveEvery: "500ms", clients: 4096 },
  };
}

/** First each kind once; then anything, at any moment. */
function strikes(): readonly { fault: Fault; before: number; after: number }[] {
  const fixed = [
    { fault: "drained", before: 300, after: 0 },
    { fault: "killed", before: 50, after: 30 },
    { fault: "paused", before: 200, after: 700 },
  ] as const;
  const anything = fc.record({
    fault: fc.constantFrom<Fault>("drained", "killed", "paused"),
    before: fc.nat({ max: 800 }),
    after: fc.nat({ max: 1500 }),
  });
  return [...fixed, ...fc.sample(anything, { seed, numRuns: Math.max(0, rounds - fixed.length) })].slice(0, rounds);
}

function attempts(client: string, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => failedLogin(Date.now(), client, `${client} ${from + i}`));
}

/** What sealed detections say; not whether each was told eagerly before. */
async function sealed(gatewatch: GatewatchProcess) {
  const { detections } = await gatewatch.get<{ detections: Detection[] }>("/v1/detections?limit=200");
  return detections
    .filter(({ detector, sealed, state }) => detector === "credential-stuffing" && sealed && state !== "unconfirmed")
    .map(({ id, key, firstSeen, firedAt, counters, evidence, targets }) => ({
      id,
      key,
      firstSeen,
      firedAt,
      counters,
      evidence,
      targets,
    })) // prettier-ignore
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function incidentsOf(gatewatch: GatewatchProcess): Promise<string[]> {
  const { incidents } = await gatewatch.get<{ incidents: Incident[] }>("/v1/incidents?limit=200");
  return incidents.filter(({ runbook }) => runbook === "credential-stuffing").map(({ id }) => id).sort(); // prettier-ignore
}

async function decisionsOf(gatewatch: GatewatchProcess): Promise<string[]> {
  const { decisions } = await gatewatch.get<{ decisions: Decision[] }>("/v1/decisions?limit=200");
  return decisions.map(({ uuid, scope, value, action, state }) => [uuid, scope, value, action, state].join(" ")).sort();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
