import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, beforeEach, expect, type TestContext, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { systemClock } from "../../src/clock.ts";
import { attacker, backtestLines, customer, logStart } from "../support/backtest-log.ts";
import { testCliContext } from "../support/cli-context.ts";
import { freePort } from "../support/free-port.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { tempDirectory } from "../support/temp-directory.ts";

let broker: KafkaBroker;
let missing: string | undefined;

beforeAll(async () => {
  const started = await startKafka();
  missing = started.unavailableReason;
  if (started.broker) broker = started.broker;
});

afterAll(() => broker?.stop());

beforeEach((context: TestContext) => context.skip(missing !== undefined, missing));

const partitions = 3;

test("all partitions of a range of time, in one order: what a file with the same lines gives", async () => {
  const topic = await aTopic();
  const { findings, code, stderr } = await backtest(["--kafka", "--json"], { topic });
  expect([code, stderr]).toEqual([0, ""]);
  expect(findings.map(({ key, firstSeen }) => [key.clientIp, firstSeen])).toEqual([
    [attacker, logStart + 700_000],
    [customer, logStart + 600_000],
  ]);
  const log = join(tempDirectory(), "access.log");
  writeFileSync(log, backtestLines().join(""));
  expect((await backtest([log, "--json"], { topic })).findings).toEqual(findings);
});

test.for<[string, string[], string[]]>([
  ["a time", ["--kafka", "edge", "--to", "2026-08-22T09:12:10Z"], [attacker]],
  ["a time in which there is nothing to be found", ["--kafka", "--to", "2026-08-22T09:09:00Z"], []],
  ["one partition, which has a third of the lines", ["--kafka", "--offsets", "0:0-"], [attacker]],
  ["offsets of all partitions", ["--kafka", "--offsets", "0-40"], []],
])("only what is asked for: %s", async ([, args, expected]) => {
  const topic = await aTopic();
  const { findings } = await backtest([...args, "--json"], { topic });
  expect(findings.map(({ key }) => key.clientIp)).toEqual(expected);
});

test("the service's group stays where it is, and no other is left", async () => {
  const topic = await aTopic();
  const admin = new kafkajs.Kafka({ brokers: broker.brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset: "7" }] });
  await backtest(["--kafka", "--json"], { topic });
  const [own] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
  expect(own?.partitions.map(({ offset }) => offset).sort()).toEqual(["-1", "-1", "7"]);
  const { groups } = await admin.listGroups();
  expect(groups.filter(({ groupId }) => groupId.startsWith(`${topic}-backtest`))).toEqual([]);
  await admin.disconnect();
});

test("a person who watches sees how many records of how many", async () => {
  const topic = await aTopic();
  const { stderr, stdout } = await backtest(["--kafka"], { topic, stderrIsTerminal: true });
  expect(stderr).toContain(`of ${backtestLines().length} records`);
  expect(stdout).toContain(`Read: topic ${topic} of source edge\n  471 events, 0 not understood`);
});

test.for<[string, string[], number, string]>([
  ["a source that isn't there", ["--kafka", "other"], 2, "There is no Kafka source other."],
  ["a topic that isn't there", ["--kafka", "--topic", "no-such"], 4, "the brokers have no topic no-such"],
  ["an empty range", ["--kafka", "--from", "2026-08-22T23:00Z"], 2, "has no record in this range"],
  ["files beside it", ["--kafka", "edge", "access.log"], 2, "One thing is read at a time."],
])("%s: what is wrong is told", async ([, args, expected, said]) => {
  const topic = await aTopic();
  const { code, stderr } = await backtest(args, { topic });
  expect(stderr).toContain(said);
  expect(code).toBe(expected);
});

test("no broker: an error, and no endless wait", async () => {
  const { code, stderr } = await backtest(["--kafka"], { topic: "t", brokers: [`127.0.0.1:${await freePort()}`] });
  expect([code, stderr]).toEqual([4, expect.stringContaining("broker_unreachable")]);
}, 60_000);

// helpers

/** A topic with the log: of each client in one partition, with the lines' own times. */
async function aTopic(): Promise<string> {
  const topic = `logs-${randomUUID()}`;
  await broker.createTopic(topic, partitions);
  const producer = new kafkajs.Kafka({ brokers: broker.brokers, logLevel: kafkajs.logLevel.NOTHING }).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const messages = backtestLines().map((value, i) => {
    const { msec, remote_addr } = JSON.parse(value) as { msec: string; remote_addr: string };
    const partition = remote_addr === attacker ? 0 : i % partitions;
    return { value, partition, timestamp: String(Math.round(Number(msec) * 1000)) };
  });
  await producer.send({ topic, messages });
  await producer.disconnect();
  return topic;
}

type Finding = Readonly<Record<string, unknown>> & { readonly key: { readonly clientIp: string } };

async function backtest(
  args: readonly string[],
  given: { topic: string; brokers?: string[]; stderrIsTerminal?: boolean },
) {
  const { topic, brokers = broker.brokers, stderrIsTerminal = false } = given;
  const configFile = join(tempDirectory(), "gatewatch.yaml");
  const source = { name: "edge", type: "kafka", brokers, topic, group: topic };
  const endpoints = ["login", "checkout"].map((kind) => ({ method: "POST", route: `/api/${kind}`, class: kind }));
  const detect = { clients: 1024, firstSeenValues: 1024 };
  writeFileSync(configFile, JSON.stringify({ sources: [source], endpoints, detect, geo: { database: "none" } }));
  const { context, printed } = testCliContext({ clock: systemClock, stderrIsTerminal });
  const all = ["--config", configFile, "backtest", "--detector", "credential-stuffing", ...args];
  const code = await runCli(all, context);
  const lines = args.includes("--json") ? printed.stdout.split("\n").filter(Boolean) : [];
  return { code, ...printed, findings: lines.map((line) => JSON.parse(line) as Finding) };
}
