// The process in which one topic is read in one way: its time and its processor time are its own. It reads the topic
// twice, and the second time counts: a service has compiled its code when it is busy, as the stages in memory have.
import { randomUUID } from "node:crypto";
import { systemClock } from "../src/clock.ts";
import { silentLog } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import { KafkaSource } from "../src/source/kafka-source.ts";
import { type KafkaSourceConfig, sourcesConfig } from "../src/source/source-config.ts";
import { clientLoops } from "./client-loops.ts";
import type { KafkaTask, KafkaTime } from "./read-topic.ts";
import { readFrom } from "./stages.ts";

const task = JSON.parse(process.argv[2]!) as KafkaTask;
let bytes = 0;
let ended: KafkaTime | undefined;
let began = { at: 0, cpu: process.cpuUsage() };
const onBegin = () => (began = { at: performance.now(), cpu: process.cpuUsage() });

await readOnce();
bytes = 0;
await readOnce();
process.stdout.write(JSON.stringify(ended), () => process.exit(0));

// helpers

async function readOnce(): Promise<void> {
  if (task.kind === "pipeline") {
    await readFrom({ source: sourceOf(task), pack: task.pack, lines: task.records, onBegin });
    ended = timeSince();
  } else await clientLoops[task.client]({ ...task, onBegin, take: task.parse ? parsing() : sizing() });
}

function sourceOf({ broker, topic }: KafkaTask): KafkaSource {
  const given = { name: "shop", type: "kafka", brokers: [broker], topic, group: randomUUID(), from: "earliest" };
  const config = sourcesConfig.parse([given])[0] as KafkaSourceConfig;
  return new KafkaSource({ config, clock: systemClock, log: silentLog, metrics: createMetrics() });
}

function sizing(): (value: Buffer) => void {
  let left = task.records;
  return (value) => {
    bytes += value.length;
    if (--left === 0) ended = timeSince();
  };
}

/** The yardstick: each record to an object, of which one field is used. */
function parsing(): (value: Buffer) => void {
  let left = task.records;
  let sum = 0;
  return (value) => {
    bytes += value.length;
    sum += (JSON.parse(value.toString()) as { status: number }).status;
    if (--left > 0) return;
    if (sum === 0) throw new Error("the records hold no status");
    ended = timeSince();
  };
}

function timeSince(): KafkaTime {
  const { user, system } = process.cpuUsage(began.cpu);
  return { ms: performance.now() - began.at, cpuMs: (user + system) / 1000, bytes };
}
