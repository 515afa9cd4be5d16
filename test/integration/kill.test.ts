import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import type { Incident } from "../../src/incident/incident.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import type { CapturedRequest } from "../support/http-capture.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { connectProducer, type Producer } from "../support/kafka-producer.ts";
import { failedLogin, goodLogin } from "../support/nginx-lines.ts";
import { bodiesOf, type PagedChannels, startChannels } from "../support/paged-channels.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

// `npm run kills` asks for more points, and for another seed each time.
const points = Number(process.env["GATEWATCH_KILLS"] ?? 6);
const seed = Number(process.env["GATEWATCH_KILL_SEED"] ?? 7);
const shipped = join(import.meta.dirname, "../../runbooks/credential-stuffing.md");

describe(`killed ${points} times (kill -9, seed ${seed})`, () => {
  const { directory, remove } = makeTemporaryDirectory();
  let noKafka: string | undefined;
  let kafka: KafkaBroker;
  let producer: Producer;
  let killed: Side;
  let untouched: Side;
  /** Whatever the killed one had shown before it died. */
  const shown = { detections: new Set<string>(), incidents: new Set<string>() };

  beforeAll(async () => {
    const started = await startKafka();
    noKafka = started.unavailableReason;
    if (!started.broker) return;
    kafka = started.broker;
    await kafka.createTopic("access-logs", 2);
    producer = await connectProducer(kafka.brokers, "access-logs");
    killed = await startSide(join(directory, "killed"), kafka);
    untouched = await startSide(join(directory, "untouched"), kafka);
  });
  beforeEach(({ skip }) => skip(noKafka !== undefined, noKafka));
  afterAll(async () => {
    for (const side of [killed, untouched]) {
      await side?.gatewatch.kill();
      await side?.channels.close();
    }
    await producer?.close();
    await kafka?.stop();
    remove();
  });

  test("it goes on each time", { timeout: 60_000 + points * 10_000 }, async () => {
    await producer.send(
      Array.from({ length: 30 }, (_, i) => goodLogin(Date.now(), `198.51.100.${i}`, `customer-${i}`)),
    );
    for (const [round, { before, after }] of killPoints().entries()) {
      const client = `203.0.113.${round}`;
      await producer.send(attempts(client, 0, 5), round % 2);
      await pause(before);
      await producer.send(attempts(client, 5, 10), round % 2);
      await pause(after);
      await look(killed.gatewatch, shown);
      await killed.gatewatch.kill();
      // Its own group each time: the broker would keep the dead one's partitions for ten seconds more.
      killed.gatewatch = await startGatewatch(killed.options(`restart-${round}`));
    }
    // Somebody has to move the time on, or the last one would never be complete.
    await eventually("both to seal all detections", async () => {
      await producer.send([goodLogin(Date.now(), "198.51.100.1", "customer-1")], 0);
      await pause(100);
      const all = await Promise.all([killed, untouched].map(({ gatewatch }) => detectionsOf(gatewatch)));
      return all.every(
        (found) => found.filter(({ sealed, state }) => sealed && state !== "unconfirmed").length >= points,
      );
    });
  });

  test("no detection is lost, and each is as if nothing had happened", async () => {
    const [found, expected] = await Promise.all([figures(killed.gatewatch), figures(untouched.gatewatch)]);
    expect(expected).toHaveLength(points);
    expect(found).toEqual(expected);
    expect(found.map(({ counters }) => counters["failures"])).toEqual(found.map(() => 10));
  });

  test("ids shown before a kill are the ids afterwards", async () => {
    const detections = (await detectionsOf(killed.gatewatch)).map(({ id }) => id);
    const incidents = await incidentsOf(killed.gatewatch);
    expect(detections).toEqual(expect.arrayContaining([...shown.detections]));
    expect(incidents).toEqual(expect.arrayContaining([...shown.incidents]));
    expect(incidents).toEqual(await incidentsOf(untouched.gatewatch));
    expect(incidents).toHaveLength(points);
  });

  test("PagerDuty and the webhook see one page for each incident, whatever is repeated", async () => {
    const incidents = await incidentsOf(killed.gatewatch);
    await eventually("all pages", () => new Set(dedupKeys(killed.channels)).size >= points);
    expect(new Set(dedupKeys(killed.channels))).toEqual(new Set(incidents));
    await eventually("all webhooks", () => new Set(webhookIds(killed.channels)).size >= points);
    expect(new Set(webhookIds(killed.channels)).size).toBe(points);
    expect(repeats(dedupKeys(untouched.channels))).toEqual([]);
  });

  test("mail and Slack tell everything, and repeat at most once", async () => {
    const incidents = await incidentsOf(killed.gatewatch);
    const mails = () => told(incidents, killed.channels.smtp.mails.map(({ raw }) => raw.replaceAll("=\r\n", ""))); // prettier-ignore
    const messages = () => told(incidents, textsOf(killed.channels.slack.requests));
    await eventually("all mails and messages", () =>
      [mails(), messages()].every((by) => by.every((count) => count > 0)),
    );
    for (const by of [mails(), messages()]) expect(Math.max(...by)).toBeLessThanOrEqual(2);
    const repeated = [mails(), messages()].map((by) => by.filter((count) => count > 1).length);
    process.stdout.write(`kill: of ${points} pages, mail repeated ${repeated[0]}, Slack ${repeated[1]}\n`);
  });
});

// helpers

interface Side {
  gatewatch: GatewatchProcess;
  readonly channels: PagedChannels;
  readonly options: (group: string) => Parameters<typeof startGatewatch>[0];
}

async function startSide(directory: string, kafka: KafkaBroker): Promise<Side> {
  // One incident a client, so that every round pages.
  mkdirSync(join(directory, "runbooks"), { recursive: true });
  const runbook = readFileSync(shipped, "utf8").replace("group: [endpointClass]", "group: [clientIp]");
  writeFileSync(join(directory, "runbooks/credential-stuffing.md"), runbook);
  const channels = await startChannels();
  const options = (group: string) => ({
    directory,
    config: {
      service: { dataDirectory: "./data" },
      sources: [
        { name: "edge", type: "kafka", brokers: kafka.brokers, topic: "access-logs", group: `${directory} ${group}`, from: "earliest" }, // prettier-ignore
      ],
      endpoints: [{ method: "POST", route: "/api/login", class: "login", owner: "identity" }],
      ...channels.config,
      runbooks: { directories: ["./runbooks"] },
      pages: { perTeamPerHour: 1000 },
      detect: { lateness: "1s", idleAfter: "2s", saveEvery: "500ms", clients: 4096 },
    },
  });
  return { gatewatch: await startGatewatch(options("first")), channels, options };
}

/** Where to kill: in the midst of the failures, between detection and page, and later; then anywhere. */
function killPoints(): readonly { before: number; after: number }[] {
  const fixed = [
    { before: 300, after: 0 },
    { before: 50, after: 30 },
    { before: 0, after: 700 },
  ];
  const anywhere = fc.record({ before: fc.nat({ max: 400 }), after: fc.nat({ max: 900 }) });
  return [...fixed, ...fc.sample(anywhere, { seed, numRuns: Math.max(0, points - fixed.length) })].slice(0, points);
}

function attempts(client: string, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => failedLogin(Date.now(), client, `${client} ${from + i}`));
}

async function look(gatewatch: GatewatchProcess, shown: { detections: Set<string>; incidents: Set<string> }) {
  for (const { id } of await detectionsOf(gatewatch)) shown.detections.add(id);
  for (const id of await incidentsOf(gatewatch)) shown.incidents.add(id);
}

async function detectionsOf(gatewatch: GatewatchProcess): Promise<Detection[]> {
  const { detections } = await gatewatch.get<{ detections: Detection[] }>("/v1/detections?limit=100");
  return detections.filter(({ detector }) => detector === "credential-stuffing");
}

/** What a sealed detection says; not whether it was told eagerly before. */
async function figures(gatewatch: GatewatchProcess) {
  const detections = (await detectionsOf(gatewatch)).filter(({ sealed, state }) => sealed && state !== "unconfirmed");
  return detections
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
  const { incidents } = await gatewatch.get<{ incidents: Incident[] }>("/v1/incidents?limit=100");
  return incidents.filter(({ runbook }) => runbook === "credential-stuffing").map(({ id }) => id).sort(); // prettier-ignore
}

function dedupKeys({ pagerduty }: PagedChannels): string[] {
  return bodiesOf<{ dedup_key: string }>(pagerduty.requests).map(({ dedup_key }) => dedup_key);
}

function webhookIds({ hook }: PagedChannels): unknown[] {
  return hook.requests.map(({ headers }) => headers["webhook-id"]);
}

function textsOf(requests: readonly CapturedRequest[]): string[] {
  return requests.map(({ body }) => body);
}

function repeats(items: readonly string[]): string[] {
  return items.filter((item, i) => items.indexOf(item) !== i);
}

/** How many of the texts are about each incident. */
function told(incidents: readonly string[], texts: readonly string[]): number[] {
  return incidents.map((id) => texts.filter((text) => text.includes(id)).length);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
