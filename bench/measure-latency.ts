import kafkajs from "kafkajs";
import { saoPaulo } from "../examples/shop/people.ts";
import { nginxLine } from "../examples/shop/nginx-line.ts";
import { eventually } from "../test/support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../test/support/gatewatch-process.ts";
import { type KafkaBroker, startKafka } from "../test/support/kafka-broker.ts";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.ts";
import { CheckPoller } from "./check-poller.ts";
import { startLoad } from "./load.ts";
import { loadText, type NamedProcess, type ProcessLoad, watchLoad } from "./process-load.ts";
import { shopConfig } from "./shop-service.ts";

export interface LatencyOptions {
  /** Lines a second of ordinary traffic meanwhile. */
  readonly rate: number;
  readonly attackers: number;
  readonly partitions?: number;
  /** The service under test: one `all` unless given. Its `url` is asked. */
  readonly start?: (options: { broker: KafkaBroker; topic: string; directory: string }) => Promise<Service>;
}

/** More lines come than are read: there is no latency to measure. */
export class Overloaded extends Error {}

type Service = Pick<GatewatchProcess, "url" | "metric" | "kill"> & { readonly processes: readonly NamedProcess[] };

/** Milliseconds from when Kafka had the deciding line to the answer that refused its client. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Attackers that were refused. */
  readonly n: number;
  /** Attackers that were not, within ten seconds. */
  readonly missed: number;
  /** Events a second that were read meanwhile. */
  readonly eventsPerSecond: number;
  /** What each process of the service had to do for it. */
  readonly processes: readonly ProcessLoad[];
}

const topic = "access-logs";
const warmUpMs = 8_000;
/** After which its code is compiled and it has caught up with what came meanwhile, or never will. */
const settleMs = 15_000;
/** Further behind, what is measured would be how far. */
const mostLagSeconds = 1.5;
/** Asking costs processor time that what is measured needs, too. */
const pollEveryMs = 5;
const giveUpMs = 10_000;
/** Longer than anything stalls: a refusal that comes later would be taken for one that needed a line more. */
const probeMs = 2_000;
/**
 * So many attackers at a time send what comes before their deciding lines. Were it all of them, most sign-ins of the
 * site would fail at once, and the guard rightly blocks nobody in what looks like an outage of logins.
 */
const preparedAtOnce = 10;

/**
 * How soon an attacker is refused: a real broker, the service as a process, ordinary traffic at a steady
 * rate, and clients that each try a list of accounts. All lines of theirs but the deciding one come
 * before; the time counts from when the broker appended that one (its own time stamp), and both are read
 * from the same machine's clock, to the millisecond.
 */
export async function measureLatency(options: LatencyOptions): Promise<Latency> {
  const { rate, attackers, partitions = 4, start = startAll } = options;
  const { broker, unavailableReason } = await startKafka();
  if (!broker) throw new Error(unavailableReason);
  const { directory, remove } = makeTemporaryDirectory();
  const ends: (() => Promise<void>)[] = [async () => remove(), () => broker.stop()];
  try {
    const producer = await createTopic(broker, partitions);
    ends.push(() => producer.disconnect());
    const service = await start({ broker, topic, directory });
    ends.push(() => service.kill());
    ends.push(startLoad({ broker: broker.brokers[0]!, topic, rate }));
    const poller = new CheckPoller(service.url);
    ends.push(async () => poller.close());
    await pause(warmUpMs);
    await eventually("the load to be read", async () => (await eventsRead(service)) > (rate * warmUpMs) / 2_000);

    const inTime = await watchLoad(service.processes);
    await pause(settleMs);
    const settled = await inTime();
    if (settled.some(({ lagSeconds }) => lagSeconds > mostLagSeconds))
      throw new Overloaded(`${rate} lines a second are more than it reads here: ${loadText(settled)}`);
    const lines = await linesToBlock({ producer, poller });
    const clients = Array.from({ length: attackers }, (_, i) => `203.0.${113 + (i >> 8)}.${i & 255}`);
    const load = await watchLoad(service.processes);
    const before = { events: await eventsRead(service), at: performance.now() };
    const took: number[] = [];
    let missed = 0;
    for (const [i, client] of clients.entries()) {
      if (i % preparedAtOnce === 0) {
        for (const next of clients.slice(i, i + preparedAtOnce)) {
          await producer.send({ topic, acks: 1, messages: triesOf(next, lines - 1) });
        }
        // The lines before the deciding one must not make a load of their own.
        await pause(1_000);
      }
      if (await poller.refuses(client)) throw new Error(`${client} was refused before the line that should decide`);
      // Not in step with batches, saves and jobs.
      await pause(20 + Math.random() * 80);
      const refused = poller.refusedAt(client, { withinMs: giveUpMs, pauseMs: pollEveryMs });
      const [sent] = await producer.send({ topic, acks: 1, messages: [oneTry(client, lines)] });
      const appendedAt = Number(sent?.logAppendTime);
      if (!(appendedAt > 0)) throw new Error("the broker does not tell when it appended a record");
      const refusedAt = await refused;
      if (refusedAt === undefined) missed++;
      else took.push(Math.max(0, refusedAt - appendedAt));
    }
    const read = (await eventsRead(service)) - before.events;
    const eventsPerSecond = Math.round((read / (performance.now() - before.at)) * 1000);
    took.sort((a, b) => a - b);
    return { p50: quantile(took, 0.5), p99: quantile(took, 0.99), max: took.at(-1) ?? NaN, n: took.length, missed, eventsPerSecond, processes: await load() }; // prettier-ignore
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

// helpers

async function startAll({ broker, directory }: { broker: KafkaBroker; directory: string }): Promise<Service> {
  const process = await startGatewatch({ directory, config: shopConfig({ brokers: broker.brokers, topic }) });
  return { ...process, processes: [{ name: "all", process }] };
}

/** The broker's own time on each record: it is what is measured from. */
async function createTopic(broker: KafkaBroker, numPartitions: number): Promise<kafkajs.Producer> {
  const client = new kafkajs.Kafka({ brokers: broker.brokers, logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  const configEntries = [{ name: "message.timestamp.type", value: "LogAppendTime" }];
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true });
  await admin.disconnect();
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  return producer;
}

/** With how many lines an attacker is refused here: found with one who sends them one at a time. */
async function linesToBlock(parts: { producer: kafkajs.Producer; poller: CheckPoller }): Promise<number> {
  const client = "203.0.112.1";
  for (let lines = 1; lines <= 100; lines++) {
    await parts.producer.send({ topic, acks: 1, messages: [oneTry(client, lines)] });
    const refusedAt = await parts.poller.refusedAt(client, { withinMs: probeMs, pauseMs: 20 });
    if (refusedAt !== undefined) return lines;
  }
  throw new Error("a client that tries a hundred accounts is not refused");
}

function triesOf(client: string, count: number): { value: string }[] {
  return Array.from({ length: count }, (_, i) => oneTry(client, i + 1));
}

let serial = 0;

function oneTry(client: string, i: number): { value: string } {
  const attempt = { method: "POST", uri: "/api/login", status: 401, upstreamStatus: 401, took: 0.02 };
  const about = { client: { address: client, agent: "Mozilla/5.0 (X11; Linux x86_64)", ...saoPaulo }, user: `listed-${client}-${i}` }; // prettier-ignore
  return { value: nginxLine({ ...attempt, ...about }, Date.now(), 4_000_000_000 + ++serial).trimEnd() };
}

function eventsRead(service: Service): Promise<number> {
  return service.metric("gatewatch_normalize_events_total");
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
