import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from "kafkajs";
import { GatewatchError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { KafkaConnection } from "./kafka-connection.ts";
import { registerKafkaFetch } from "./kafka-fetch.ts";

/** Retries within kafkajs take about 5 s; after that the source reports trouble and tries anew. */
const retry = {
  initialRetryTime: 300,
  retries: 4,
  maxRetryTime: 2_000,
  restartOnFailure: () => Promise.resolve(false),
};

/** A kafkajs client for a source or a cluster. Rejects with `SOURCE_FAILED` when a TLS file can't be read. */
export async function createKafkaClient(config: KafkaConnection, log: Log): Promise<Kafka> {
  registerKafkaFetch();
  const settings: KafkaConfig = {
    clientId: `gatewatch-${config.name}`,
    brokers: config.brokers,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => write(log, config.name, entry),
  };
  const ssl = await tlsOptions(config);
  if (ssl !== undefined) settings.ssl = ssl;
  // A copy, since kafkajs writes into it. Its types tell the mechanisms apart; ours are all in one.
  if (config.sasl !== undefined) settings.sasl = { ...config.sasl } as SASLOptions;
  return new kafkajs.Kafka(settings);
}

/** Why a source can't read from Kafka for now; a closed set. */
export type KafkaTrouble =
  | "broker_unreachable"
  | "authentication_failed"
  | "not_authorized"
  | "topic_missing"
  | "group_unavailable"
  | "failed";

/** Sorts an error of kafkajs, which may be wrapped, into the closed set. */
export function kafkaTrouble(error: unknown): KafkaTrouble {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const known = troubleByType[(cause as { type?: string }).type ?? ""] ?? troubleByName[cause.name];
    if (known !== undefined) return known;
  }
  return "failed";
}

/** An error's name and message, for a log line; no stack, no fields. */
export function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

// helpers

const troubleByType: Readonly<Record<string, KafkaTrouble>> = {
  SASL_AUTHENTICATION_FAILED: "authentication_failed",
  TOPIC_AUTHORIZATION_FAILED: "not_authorized",
  GROUP_AUTHORIZATION_FAILED: "not_authorized",
  CLUSTER_AUTHORIZATION_FAILED: "not_authorized",
  UNKNOWN_TOPIC_OR_PARTITION: "topic_missing",
  INVALID_TOPIC_EXCEPTION: "topic_missing",
  GROUP_COORDINATOR_NOT_AVAILABLE: "group_unavailable",
  NOT_COORDINATOR_FOR_GROUP: "group_unavailable",
  LEADER_NOT_AVAILABLE: "broker_unreachable",
};

const troubleByName: Readonly<Record<string, KafkaTrouble>> = {
  KafkaJSSASLAuthenticationError: "authentication_failed",
  KafkaJSConnectionError: "broker_unreachable",
  KafkaJSConnectionClosedError: "broker_unreachable",
  KafkaJSRequestTimeoutError: "broker_unreachable",
  KafkaJSBrokerNotFound: "broker_unreachable",
  KafkaJSNoBrokerAvailableError: "broker_unreachable",
  KafkaJSGroupCoordinatorNotFound: "group_unavailable",
};

/** Only fields that hold no payload and no credentials are passed on. */
function write(log: Log, source: string, { level, namespace, log: entry }: LogEntry): void {
  const text = (value: unknown) => (typeof value === "string" ? value.slice(0, 300) : undefined);
  const fields = {
    source,
    from: namespace,
    message: text(entry.message),
    error: text(entry["error"]),
    broker: text(entry["broker"]),
  };
  if (level <= kafkajs.logLevel.WARN) log.warn(fields, "kafka client");
  else log.debug(fields, "kafka client");
}

async function tlsOptions({ name, tls }: KafkaConnection): Promise<ConnectionOptions | true | undefined> {
  if (typeof tls === "boolean") return tls ? true : undefined;
  const read = async (field: "ca" | "cert" | "key") => {
    const path = tls[field];
    if (path === undefined) return {};
    try {
      return { [field]: await readFile(path) };
    } catch (cause) {
      throw new GatewatchError("SOURCE_FAILED", `source ${name}: tls.${field}: can't read ${path}`, {
        remedy: "Name a PEM file that the service may read.",
        cause,
      });
    }
  };
  const options = { ...(await read("ca")), ...(await read("cert")), ...(await read("key")) };
  return tls.serverName === undefined ? options : { ...options, servername: tls.serverName };
}
