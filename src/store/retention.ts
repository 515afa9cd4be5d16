import type { Log } from "../log.ts";
import type { StoreConnection } from "./connections.ts";
import type { StoreConfig } from "./store-config.ts";
import { savedTables, type BulkTable, type SavedTable } from "./store.ts";

/** A table's time to live: the column it counts from, and how long, ms. */
interface TimeToLive {
  readonly table: SavedTable | BulkTable;
  readonly column: string;
  readonly ms: number;
}

/** Single requests that were kept before keeping them was turned off go after this. */
const leftoverAccessEventsMs = 86_400_000;

/** Gives each table the time to live of the configuration, where it has another. Old rows go at the next merge. */
export async function applyRetention(options: {
  connection: StoreConnection;
  retention: StoreConfig["retention"];
  log: Log;
}): Promise<void> {
  const { connection, log } = options;
  const tables = await connection.query<{ name: string; definition: string }>(
    "SELECT name, create_table_query AS definition FROM system.tables WHERE database = currentDatabase()",
    {},
  );
  for (const { table, column, ms } of timesToLive(options.retention)) {
    const seconds = Math.ceil(ms / 1000);
    const expression = `toDateTime(${column}) + toIntervalSecond(${seconds})`;
    const definition = tables.find(({ name }) => name === table)?.definition ?? "";
    if (definition.includes(`TTL ${expression}`)) continue;
    await connection.execute(`ALTER TABLE ${table} MODIFY TTL ${expression} SETTINGS materialize_ttl_after_modify = 0`);
    if (definition.includes("TTL ")) log.info({ table, seconds }, "store keeps rows for another time than before");
  }
}

// helpers

function timesToLive(retention: StoreConfig["retention"]): TimeToLive[] {
  const { accessEvents } = retention;
  return [
    ...savedTables.map((table) => ({ table, column: "time", ms: retention.detections })),
    { table: "endpoint_minutes", column: "minute", ms: retention.minutes },
    { table: "actor_minutes", column: "minute", ms: retention.minutes },
    { table: "limited_requests", column: "time", ms: retention.limited },
    { table: "rejected_records", column: "time", ms: retention.rejected },
    { table: "access_events", column: "time", ms: accessEvents === "off" ? leftoverAccessEventsMs : accessEvents },
  ];
}
