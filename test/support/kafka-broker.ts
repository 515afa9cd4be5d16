import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import kafkajs from "kafkajs";
import { freePort } from "./free-port.ts";

const run = promisify(execFile);
const cache = resolve(import.meta.dirname, "../../node_modules/.cache/gatewatch-kafka");
const pom = resolve(import.meta.dirname, "kafka/pom.xml");

/** Who may sign in at the SASL/PLAIN listener. */
export const saslUser = { username: "gatewatch", password: "not-a-secret" };

export interface KafkaBroker {
  /** Plain text listener. */
  readonly brokers: string[];
  /** SASL/PLAIN listener, for `saslUser`. */
  readonly saslBrokers: string[];
  createTopic(name: string, partitions: number): Promise<void>;
  /** Kills the process and removes its directory. */
  stop(): Promise<void>;
  /** Kills it as `kill -9` does, keeping its data and ports. */
  kill(): Promise<void>;
  /** Starts it again after `kill`; `restart` alone does both. */
  restart(): Promise<void>;
}

export type StartedKafka =
  | { readonly broker: KafkaBroker; readonly unavailableReason?: undefined }
  | { readonly broker?: undefined; readonly unavailableReason: string };

/**
 * Starts a real Apache Kafka (KRaft, one node, on loopback). Its jars are fetched once with Maven
 * and kept; afterwards it works offline. Where Java or Maven is missing it says so, and throws in CI.
 */
export async function startKafka(): Promise<StartedKafka> {
  try {
    const classPath = await fetchKafka();
    return { broker: await startNode(classPath) };
  } catch (error) {
    if (process.env["CI"]) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { unavailableReason: `Apache Kafka can't be started here: ${reason.slice(0, 300)}` };
  }
}

// helpers

async function fetchKafka(): Promise<string> {
  const lib = join(cache, "lib");
  if (!existsSync(lib)) {
    // Into a directory of its own first: an interrupted fetch must not look like a whole one.
    const fetched = join(cache, `fetching-${process.pid}`);
    await run("mvn", ["-q", "-B", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${fetched}`]);
    await rename(fetched, lib).catch(async (error: NodeJS.ErrnoException) => {
      await rm(fetched, { recursive: true, force: true });
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error; // another process was faster
    });
  }
  return join(lib, "*");
}

async function startNode(classPath: string): Promise<KafkaBroker> {
  const directory = await mkdtemp(join(tmpdir(), "gatewatch-kafka-"));
  const [plain, sasl, controller] = [await freePort(), await freePort(), await freePort()];
  const properties = join(directory, "server.properties");
  await writeFile(properties, serverProperties(directory, plain, sasl, controller));
  const node = new Node(classPath, properties, directory, plain);
  await node.java("kafka.tools.StorageTool", ["format", `--cluster-id=${uuid()}`, "-c", properties]);
  try {
    await node.start();
  } catch (error) {
    await node.kill();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    brokers: [`127.0.0.1:${plain}`],
    saslBrokers: [`127.0.0.1:${sasl}`],
    createTopic: (topic, partitions) =>
      node.admin((admin) =>
        admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true }),
      ),
    kill: () => node.kill(),
    async restart() {
      await node.kill();
      await node.start();
    },
    async stop() {
      await node.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

class Node {
  readonly #classPath: string;
  readonly #properties: string;
  readonly #directory: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #output = "";

  constructor(classPath: string, properties: string, directory: string, port: number) {
    this.#classPath = classPath;
    this.#properties = properties;
    this.#directory = directory;
    this.#port = port;
  }

  async java(main: string, args: string[]): Promise<void> {
    await run("java", ["-Xmx256m", "-cp", this.#classPath, main, ...args]);
  }

  async start(): Promise<void> {
    const args = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", this.#classPath];
    const child = spawn("java", [...args, "kafka.Kafka", this.#properties], {
      cwd: this.#directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    const keep = (text: Buffer) => (this.#output = (this.#output + text.toString()).slice(-2000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    await this.#answers(child);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  }

  async admin<T>(use: (admin: kafkajs.Admin) => Promise<T>): Promise<void> {
    const client = new kafkajs.Kafka({ brokers: [`127.0.0.1:${this.#port}`], logLevel: kafkajs.logLevel.NOTHING });
    const admin = client.admin({ retry: { retries: 2 } });
    try {
      await admin.connect();
      await use(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** Until a client gets an answer, for at most a minute. */
  async #answers(child: ChildProcess): Promise<void> {
    const until = Date.now() + 60_000;
    for (;;) {
      const error = await this.admin((admin) => admin.describeCluster()).catch((error: unknown) => error);
      if (error === undefined) return;
      if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode}: ${this.#output}`);
      if (Date.now() > until) throw new Error(`the broker does not answer: ${this.#output}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Kafka's way to write a UUID: URL-safe base64 of its bytes. */
function uuid(): string {
  return Buffer.from(randomUUID().replaceAll("-", ""), "hex").toString("base64url");
}

function serverProperties(directory: string, plain: number, sasl: number, controller: number): string {
  const { username, password } = saslUser;
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";
log.dirs=${join(directory, "logs")}
num.network.threads=2
num.io.threads=2
num.partitions=1
log.retention.ms=-1
auto.create.topics.enable=false
message.max.bytes=20971520
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
`;
}
