import { join } from "node:path";
import type { ClickHouseHttp } from "../clickhouse-http.ts";
import { eventually } from "../eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../gatewatch-process.ts";
import type { KafkaBroker } from "../kafka-broker.ts";
import { type Figures, readFigures } from "./figures.ts";
import type { RecordedStream } from "./stream.ts";

/** With so many rows the samples of every sign-in are kept, in one process as in each of several parts. */
const clients = 1_048_576;

/** The roles of a whole cluster, two of each that counts or judges. */
export const clusterRoles = ["ingest", "ingest", "detect", "detect", "respond"] as const;

export interface RunOptions {
  readonly directory: string;
  /** Of the run: names its database, groups and topics. */
  readonly name: string;
  readonly stream: RecordedStream;
  readonly server: ClickHouseHttp;
  readonly log: (text: string) => void;
}

export interface KafkaRunOptions extends RunOptions {
  readonly kafka: KafkaBroker;
  readonly topic: string;
  readonly partitions: number;
}

/** One process that reads the file, and ends with it. */
export async function runFromFile(options: RunOptions): Promise<Figures> {
  const { stream, name } = options;
  const source = { name: "edge", type: "file", path: stream.file, follow: false, format: "nginx-json", trustClientIp: true }; // prettier-ignore
  const gatewatch = await startGatewatch({ directory: directoryOf(options, "all"), config: configOf(options, { sources: [source] }) }); // prettier-ignore
  const code = await gatewatch.ended(3_600_000);
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${gatewatch.log().slice(-2_000)}`);
  return await readFigures(options.server, name, stream.end);
}

/** One process that reads the topic. */
export async function runFromKafka(options: KafkaRunOptions): Promise<Figures> {
  const gatewatch = await startGatewatch({
    directory: directoryOf(options, "all"),
    config: configOf(options, { sources: [kafkaSource(options)] }),
  });
  try {
    return await whenWhole(options);
  } finally {
    await gatewatch.stop();
  }
}

/** A process of each role; `meanwhile` may kill them. */
export async function runAsRoles(
  options: KafkaRunOptions,
  meanwhile: (processes: RoleProcess[]) => Promise<void> = async () => {},
): Promise<Figures> {
  const { kafka, name } = options;
  const processes: RoleProcess[] = [];
  try {
    for (const [i, role] of clusterRoles.entries()) {
      const start = () =>
        startGatewatch({
          ...{ directory: directoryOf(options, `${role}-${i}`), role, until: "listening" },
          config: configOf(options, {
            sources: [kafkaSource(options)],
            cluster: { brokers: kafka.brokers, prefix: name, partitions: 4, replication: 1 },
          }),
        });
      processes.push({ role, name: `${role}-${i}`, start, process: await start() });
    }
    await meanwhile(processes);
    return await whenWhole(options);
  } catch (error) {
    for (const { name: of, process } of processes) options.log(`${of}: ${process.log().slice(-1_500)}`);
    throw error;
  } finally {
    await Promise.all(processes.map(({ process }) => process.stop()));
  }
}

/** A process that can be started again. */
export interface RoleProcess {
  readonly role: string;
  readonly name: string;
  readonly start: () => Promise<GatewatchProcess>;
  process: GatewatchProcess;
}

// helpers

function directoryOf({ directory, name }: RunOptions, part: string): string {
  return join(directory, name, part);
}

function kafkaSource({ kafka, topic, name }: KafkaRunOptions) {
  return {
    ...{ name: "edge", type: "kafka", brokers: kafka.brokers, topic, group: `${name}-logs`, from: "earliest" },
    ...{ format: "nginx-json", trustClientIp: true },
  };
}

function configOf({ stream, server, name }: RunOptions, more: object): Readonly<Record<string, unknown>> {
  return {
    service: { dataDirectory: "./data", log: { level: "warn" } },
    endpointFiles: [stream.endpoints],
    store: { type: "server", url: server.url, database: name, retention: { minutes: "3650d" } },
    // Months after the shop's day nothing may count as stale, nor a dead instance's partitions as idle.
    detect: { staleAfter: "3650d", idleAfter: "10m", clients },
    // It counts different routes, also of paths that the inventory lacks: what one instance learned a moment ago
    // another may not know yet.
    detectors: { "method-override": { mode: "off" } },
    channels: { box: { type: "outbox" } },
    teams: { oncall: { channels: ["box"] } },
    ...more,
  };
}

/** Waits until everything is counted and every episode of the shop's time is over. */
async function whenWhole(options: KafkaRunOptions): Promise<Figures> {
  const { server, name, stream, partitions, log } = options;
  let told = "";
  return eventually(
    `${name} to have counted and judged everything`,
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const figures = await readFigures(server, name, stream.end).catch(() => undefined);
      if (figures === undefined) return false;
      const text = `${figures.counted} of ${stream.requests + partitions} counted, ${figures.sealed.size} sealed, ${figures.open} open`;
      if (text !== told) log(`${name}: ${text}`);
      const isSame = text === told;
      told = text;
      return isSame && figures.counted >= stream.requests + partitions && figures.open === 0 ? figures : false;
    },
    1_800_000,
  );
}
