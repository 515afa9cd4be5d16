import { ClickHouseLogLevel, createClient, type ClickHouseClient } from "@clickhouse/client";
import { sleep, type Clock } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import type { Log } from "../log.ts";
import {
  formatSettings,
  readConnections,
  readLimits,
  type StoreConnection,
  type StoreConnections,
} from "./connections.ts";
import type { StoreConfig } from "./store-config.ts";

export interface ServerOptions {
  readonly config: Extract<StoreConfig, { type: "server" }>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long to try before giving up at start. */
  readonly patienceMs: number;
}

const insertTimeoutMs = 60_000;
/** A little above the server's own limit, so that its message arrives. */
const questionTimeoutMs = (readLimits.max_execution_time + 5) * 1000;

/** A ClickHouse server over HTTP. Waits for it for a while, then makes the database if it is missing. */
export async function openServer(options: ServerOptions): Promise<StoreConnections> {
  const { config } = options;
  await makeDatabase(options);
  const write = client(config, { database: config.database, request_timeout: insertTimeoutMs });
  const read = client(config, {
    database: config.database,
    request_timeout: questionTimeoutMs,
    max_open_connections: readConnections,
    clickhouse_settings: { ...readLimits, ...formatSettings, readonly: "1" },
  });
  const reading = connection(read);
  return {
    write: connection(write),
    read: Array.from({ length: readConnections }, () => reading),
    async close() {
      await Promise.all([write.close(), read.close()]);
    },
  };
}

// helpers

async function makeDatabase({ config, clock, log, patienceMs }: ServerOptions): Promise<void> {
  const first = client(config, { request_timeout: 5000 });
  const giveUpAt = clock.monotonic() + patienceMs;
  try {
    for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5000)) {
      try {
        await first.command({ query: `CREATE DATABASE IF NOT EXISTS ${config.database}` });
        return;
      } catch (cause) {
        const refused = (cause as { type?: unknown }).type !== undefined;
        if (refused || clock.monotonic() + waitMs > giveUpAt) throw unavailable(config, cause);
        log.warn({ url: config.url, error: String(cause), waitMs }, "ClickHouse does not answer; trying again");
      }
      await sleep(clock, waitMs);
    }
  } finally {
    await first.close();
  }
}

function unavailable(config: ServerOptions["config"], cause: unknown): GatewatchError {
  const { message } = cause as { message?: string };
  return new GatewatchError(
    "STORE_UNAVAILABLE",
    `ClickHouse at ${config.url} can't be used: ${message ?? String(cause)}`,
    {
      remedy:
        "Check `store.url`, that the server runs, and that `store.username` may sign in and create the database and its tables.",
      cause,
    },
  );
}

function client(config: ServerOptions["config"], options: Parameters<typeof createClient>[0]): ClickHouseClient {
  const { url, username, password } = config;
  // Its errors reach our own log with what became of them; its own lines would come on top, on several lines each.
  const log = { level: ClickHouseLogLevel.OFF };
  return createClient({ url, username, password, application: "gatewatch", log, ...options });
}

function connection(client: ClickHouseClient): StoreConnection {
  return {
    async execute(sql) {
      await client.command({ query: sql });
    },
    async query<Row>(sql: string, params: Readonly<Record<string, unknown>>) {
      const result = await client.query({ query: sql, format: "JSONEachRow", query_params: { ...params } });
      return result.json<Row>();
    },
  };
}
