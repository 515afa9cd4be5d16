import { constants } from "node:fs";
import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient, type ClickHouseClient } from "@clickhouse/client";
import { GatewatchError } from "../errors.ts";
import {
  formatSettings,
  readConnections,
  readLimits,
  type StoreConnection,
  type StoreConnections,
} from "./connections.ts";

/** The part of `chdb/connection` that is used. */
export interface EmbeddedEngine {
  createChdbConnection(options: { path: string }): unknown;
}

export interface EmbeddedOptions {
  /** Its own directory; made if it is missing. */
  readonly directory: string;
  /** Loads the engine; an optional dependency, which has no build for some systems. */
  readonly load?: () => Promise<EmbeddedEngine>;
}

const serverRemedy =
  "Use a ClickHouse server (`store: { type: server, url: … }`), or run on Linux with glibc or on macOS, where the package `chdb` installs.";

/**
 * ClickHouse inside this process. One connection does one statement at a time, several on the same
 * directory run side by side: so writing has one of its own.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<StoreConnections> {
  const engine = await loadEngine(options.load ?? (() => import("chdb/connection")));
  const { directory } = options;
  const clients: ClickHouseClient[] = [];
  const open = async () => {
    const client = await connect(engine, directory);
    clients.push(client);
    return client;
  };
  const close = async () => {
    for (const client of clients.reverse()) await client.close();
  };
  try {
    const write = await open();
    await write.command({ query: "CREATE DATABASE IF NOT EXISTS gatewatch" });
    await write.command({ query: "USE gatewatch" });
    const read: StoreConnection[] = [];
    while (read.length < readConnections) {
      const client = await open();
      await client.command({ query: "USE gatewatch" });
      await limitForGood(client);
      read.push(connection(client));
    }
    return { write: connection(write), read, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// helpers

async function loadEngine(load: () => Promise<EmbeddedEngine>): Promise<EmbeddedEngine> {
  try {
    return await load();
  } catch (cause) {
    throw new GatewatchError("STORE_NOT_INSTALLED", "the embedded ClickHouse (package chdb) can't be loaded here", {
      remedy: serverRemedy,
      cause,
    });
  }
}

async function connect(engine: EmbeddedEngine, directory: string): Promise<ClickHouseClient> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new GatewatchError("STORE_UNAVAILABLE", `the store's directory ${directory} can't be written`, {
      remedy: "Give the service a data directory that it may write (`service.dataDirectory`).",
      cause,
    });
  }
  try {
    const embedded = engine.createChdbConnection({ path: directory });
    // `connection` is how the client takes an engine in place of HTTP; its published type leaves it out.
    return createClient({ connection: embedded } as Parameters<typeof createClient>[0]);
  } catch (cause) {
    throw await explain(cause, directory);
  }
}

/** The engine says only that it failed. It locks a file that names the process which has the directory. */
async function explain(cause: unknown, directory: string): Promise<GatewatchError> {
  if (["CHDB_PLATFORM", "CHDB_ABI"].includes((cause as { code?: string }).code ?? "")) {
    return new GatewatchError("STORE_NOT_INSTALLED", "the embedded ClickHouse has no build for this system", {
      remedy: serverRemedy,
      cause,
    });
  }
  const status = await readFile(join(directory, "status"), "utf8").catch(() => undefined);
  if (status === undefined) {
    return new GatewatchError("STORE_UNAVAILABLE", `the embedded store in ${directory} can't be opened`, {
      remedy: "Look at what the engine wrote above this line; free disk space and permissions are the usual causes.",
      cause,
    });
  }
  const pid = /^PID: (\d+)/m.exec(status)?.[1];
  return new GatewatchError("STORE_IN_USE", `another process${pid ? ` (${pid})` : ""} uses the store in ${directory}`, {
    remedy:
      "The embedded store is for one process: stop the other one, give this one another `service.dataDirectory`, or use a ClickHouse server for both.",
    cause,
  });
}

/** Settings of a connection stay; `readonly` comes last, since nothing can be set after it. */
async function limitForGood(client: ClickHouseClient): Promise<void> {
  const settings = Object.entries({ ...readLimits, ...formatSettings, readonly: 1 });
  await client.command({ query: `SET ${settings.map(([name, value]) => `${name} = ${value}`).join(", ")}` });
}

/**
 * The engine (chdb 3.4.0) leaves the rows that a failed question had already given, and puts them in
 * front of the next answer. So after a failure something harmless is asked, and its answer thrown away.
 */
function connection(client: ClickHouseClient): StoreConnection {
  let leftovers = false;
  return {
    async execute(sql) {
      await client.command({ query: sql });
    },
    async query<Row>(sql: string, params: Readonly<Record<string, unknown>>) {
      if (leftovers) await client.command({ query: "SELECT 1" });
      leftovers = true;
      const result = await client.query({ query: sql, format: "JSONEachRow", query_params: { ...params } });
      leftovers = false;
      return result.json<Row>();
    },
  };
}
