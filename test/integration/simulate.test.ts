import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import kafkajs from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import type { SimulationLabels } from "../../src/simulate/label.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const { directory, remove } = makeTemporaryDirectory();
const labelsFile = join(directory, "labels.json");
const endpointsFile = join(directory, "endpoints.yaml");
let gatewatch: GatewatchProcess | undefined;

afterEach(async () => {
  await gatewatch?.kill();
  gatewatch = undefined;
});
afterAll(remove);

/** The command as a process of its own. */
async function simulate(...args: string[]): Promise<{ code: number; stderr: string }> {
  return promisify(execFile)(process.execPath, [main, "simulate", ...args]).then(
    ({ stderr }) => ({ code: 0, stderr: ours(stderr) }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr: ours(stderr) }),
  );
}

/** Without Node's warning of a timer of kafkajs. */
function ours(stderr: string): string {
  return stderr.replaceAll(/^(\(node:\d+\)|Timeout duration|\(Use).*\n/gm, "");
}

const attack = [
  ...["--for", "45m", "--rate", "20", "--attacks", "credential-stuffing", "--intensity", "10"],
  ...["--labels", labelsFile, "--endpoints", endpointsFile],
];
const labels = () => JSON.parse(readFileSync(labelsFile, "utf8")) as SimulationLabels;

async function serve(name: string, source: object): Promise<GatewatchProcess> {
  writeFileSync(endpointsFile, "endpoints: []\n");
  const sources = [{ name: "edge", format: "nginx-json", trustClientIp: true, ...source }];
  gatewatch = await startGatewatch({
    directory: join(directory, name),
    config: { sources, endpointFiles: [endpointsFile] },
  });
  return gatewatch;
}

/** Every line has become an event, none twice, and the one who attacked is the one who is found. */
async function expectAllOfIt(service: GatewatchProcess): Promise<void> {
  const { attacks, lines } = labels();
  const total = lines.requests + lines.shopEvents;
  await eventually("all lines to be read", async () => {
    return (await service.metric("gatewatch_normalize_events_total", { source: "edge" })) >= total;
  });
  expect(await service.metric("gatewatch_normalize_events_total", { source: "edge" })).toBe(total);
  const attacker = attacks[0]!.entities.find(({ scope }) => scope === "ip")!.value;
  const found = await eventually("the attack to be found", async () => {
    const path = "/v1/detections?detector=credential-stuffing&limit=100";
    const { detections } = await service.get<{ detections: Detection[] }>(path);
    return detections.length > 0 && detections;
  });
  expect([...new Set(found.flatMap(({ targets }) => targets.map(({ value }) => value)))]).toEqual([attacker]);
}

/** How many records a topic of one partition has. */
async function linesOf({ brokers }: KafkaBroker, topic: string): Promise<number> {
  const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return Number(offsets[0]!.high);
}

describe("over HTTP, a simulated shop", () => {
  test("comes whole to a service that is full now and then", async () => {
    const room = { maxBodyBytes: "4MiB", spoolBytes: "16MiB" };
    const service = await serve("http", { type: "http", ...room });
    const url = `${service.url}/v1/logs?source=edge`;
    expect(await simulate(...attack, "--http", url)).toEqual({ code: 0, stderr: "" });
    await expectAllOfIt(service);
    expect(
      await service.metric("gatewatch_source_http_requests_total", { source: "edge", status: "429" }),
    ).toBeGreaterThan(0);
  });

  test.for([
    ["a service that isn't there", "", "can't be reached (ECONNREFUSED)"],
    ["a source that isn't there", "elsewhere", "answered 404: "],
  ] as const)("%s is an error that says so", async ([, source, message]) => {
    const port = source === "" ? await freePort() : (await serve("none", { type: "http" })).port;
    const url = `http://127.0.0.1:${port}/v1/logs?source=${source}`;
    const { code, stderr } = await simulate("--for", "10s", "--http", url);
    expect(code).toBe(1);
    expect(stderr).toContain(`gatewatch: ${url} ${message}`);
  });
});

describe("through Kafka, a simulated shop", () => {
  let kafka: KafkaBroker | undefined;
  let missing: string | undefined;
  beforeAll(async () => {
    const started = await startKafka();
    kafka = started.broker;
    missing = started.unavailableReason;
  });
  afterAll(async () => kafka?.stop());

  test("comes whole to a service", async ({ skip }) => {
    skip(missing !== undefined, missing);
    await kafka!.createTopic("access-logs", 3);
    const service = await serve("kafka", {
      ...{ type: "kafka", brokers: kafka!.brokers, topic: "access-logs", group: "simulate", from: "earliest" },
    });
    const target = `${kafka!.brokers.join(",")}/access-logs`;
    expect(await simulate(...attack, "--kafka", target)).toEqual({ code: 0, stderr: "" });
    await expectAllOfIt(service);
  });

  test("waits for a broker that starts again", async ({ skip }) => {
    skip(missing !== undefined, missing);
    await kafka!.createTopic("restarted", 1);
    const target = `${kafka!.brokers.join(",")}/restarted`;
    const written = simulate("--for", "6s", "--rate", "200", "--speed", "realtime", "--kafka", target);
    await eventually("the first lines", async () => (await linesOf(kafka!, "restarted")) > 0);
    await kafka!.restart();
    expect(await written).toEqual({ code: 0, stderr: "" });
  });

  test("is an error where there is no such topic", async ({ skip }) => {
    skip(missing !== undefined, missing);
    const target = `${kafka!.brokers.join(",")}/nowhere`;
    const { code, stderr } = await simulate("--for", "10s", "--kafka", target);
    expect(code).toBe(1);
    expect(stderr).toContain("does not take topic nowhere: there is no such topic.");
  });

  test("is an error where there is no broker", async () => {
    const { code, stderr } = await simulate("--for", "10s", "--kafka", `127.0.0.1:${await freePort()}/access-logs`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/does not take topic access-logs: .*ECONNREFUSED/);
  });
});
