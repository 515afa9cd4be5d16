import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { BulkBuffer } from "./bulk-buffer.ts";
import { ClickHouseStore } from "./clickhouse-store.ts";
import type { StoreConnection, StoreConnections } from "./connections.ts";
import { openEmbedded } from "./embedded-connections.ts";
import { Inserter } from "./inserter.ts";
import { Journal } from "./journal.ts";
import { migrate, migrationsDirectory } from "./migrate.ts";
import { Reads } from "./reads.ts";
import { RefusedRows } from "./refused-rows.ts";
import { applyRetention } from "./retention.ts";
import type { TableColumns } from "./row-line.ts";
import { openServer } from "./server-connections.ts";
import type { StoreConfig } from "./store-config.ts";
import type { Store } from "./store.ts";
import { Writer } from "./writer.ts";

export interface OpenStoreOptions {
  readonly config: StoreConfig;
  /** The service's data directory; the store makes `store/` (embedded), `journal/` and `refused.ndjson` in it. */
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Asked before each insert; `false`: the rows are dropped, since another process writes them by now. */
  readonly mayWrite?: (() => Promise<boolean>) | undefined;
  /** How long to wait for a server at start, ms. */
  readonly patienceMs?: number;
  /** How long `close` waits for rows to be written, ms. */
  readonly closeWithinMs?: number;
}

/**
 * Connects, brings the tables up to date, and writes what an earlier run left in the journal.
 * Rejects with a `GatewatchError`: STORE_UNAVAILABLE, STORE_IN_USE, STORE_NOT_INSTALLED or STORE_MIGRATION.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { config, dataDirectory, clock, log, metrics } = options;
  const connections = await connect(options);
  try {
    await migrate({ connection: connections.write, directory: migrationsDirectory, log });
    await applyRetention({ connection: connections.write, retention: config.retention, log });
    const columns = await readColumns(connections.write);
    const journal = await Journal.open({
      directory: join(dataDirectory, "journal"),
      maxBytes: config.journalBytes,
      clock,
      log,
      metrics,
    });
    const stop = new AbortController();
    const bulk = new BulkBuffer(config.maxUnwrittenRows);
    const inserter = new Inserter({
      async execute(sql) {
        if ((await options.mayWrite?.()) !== false) await connections.write.execute(sql);
      },
      refused: new RefusedRows({ file: join(dataDirectory, "refused.ndjson"), log, metrics }),
      clock,
      log,
      metrics,
      signal: stop.signal,
    });
    const writer = new Writer({ journal, bulk, inserter, clock });
    const store = new ClickHouseStore({
      connections,
      columns,
      journal,
      bulk,
      inserter,
      writer,
      stop,
      reads: new Reads(connections.read, metrics),
      clock,
      log,
      metrics,
      closeWithinMs: options.closeWithinMs ?? 5000,
    });
    await store.flush();
    return store;
  } catch (error) {
    await connections.close();
    throw error;
  }
}

// helpers

function connect(options: OpenStoreOptions): Promise<StoreConnections> {
  const { config, clock, log } = options;
  if (config.type === "embedded") return openEmbedded({ directory: join(options.dataDirectory, "store") });
  return openServer({ config, clock, log, patienceMs: options.patienceMs ?? 30_000 });
}

async function readColumns(connection: StoreConnection): Promise<Map<string, TableColumns>> {
  const rows = await connection.query<{ table: string; name: string; type: string }>(
    "SELECT table, name, type FROM system.columns WHERE database = currentDatabase() ORDER BY table, position",
    {},
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.table)].map(([table, columns]) => [
      table,
      new Map(columns.map(({ name, type }) => [name, type])),
    ]),
  );
}
