import { setImmediate } from "node:timers/promises";
import { sleep, type Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { BulkBuffer } from "./bulk-buffer.ts";
import type { StoreConnections } from "./connections.ts";
import type { Inserter } from "./inserter.ts";
import type { Journal } from "./journal.ts";
import { latestQuery } from "./latest-query.ts";
import { StoreQuestionError, type Reads } from "./reads.ts";
import { rowLine, savedRowLine, type TableColumns } from "./row-line.ts";
import type { LatestPage, BulkTable, Cell, SavedRow, SavedTable, Store, StoreStatus } from "./store.ts";
import type { Writer } from "./writer.ts";

export interface ClickHouseStoreParts {
  readonly connections: StoreConnections;
  readonly columns: ReadonlyMap<string, TableColumns>;
  readonly journal: Journal;
  readonly bulk: BulkBuffer;
  readonly inserter: Inserter;
  readonly writer: Writer;
  readonly reads: Reads;
  /** Ends the inserter's waiting between attempts. */
  readonly stop: AbortController;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly closeWithinMs: number;
}

/** Rows of the journal that a question can carry, in bytes. */
const maxOverlayBytes = 16 * 1024 ** 2;
const defaultLimit = 1000;
/** Rows turned into lines (5 µs each) before others get their turn. */
const rowsAtOnce = 1000;
const gaugesEveryMs = 5000;

/** The store over its parts: rows go through journal or buffer, questions through the reading connections. */
export class ClickHouseStore implements Store {
  readonly #parts: ClickHouseStoreParts;
  readonly #saveSeconds;
  readonly #unknownColumns;
  readonly #warned = new Set<string>();
  readonly #cancelGauges: () => void;
  #closing: Promise<void> | undefined;

  constructor(parts: ClickHouseStoreParts) {
    this.#parts = parts;
    const { metrics, journal, bulk } = parts;
    this.#saveSeconds = metrics.histogram(
      "gatewatch_store_save_seconds",
      "Time until saved rows were durable, waiting for room included",
      { buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] },
    );
    this.#unknownColumns = metrics.counter(
      "gatewatch_store_unknown_columns_total",
      "Values left out since their table has no such column",
      ["table"],
    );
    const gauges = [
      ["gatewatch_store_journal_rows", "Durable rows that ClickHouse doesn't have yet", () => journal.rows],
      ["gatewatch_store_journal_bytes", "Their size", () => journal.bytes],
      ["gatewatch_store_unwritten_rows", "Rows of counts that wait in memory", () => bulk.rows],
      ["gatewatch_store_reachable", "1 while ClickHouse takes inserts", () => (this.status().reachable ? 1 : 0)],
    ] as const;
    const measures = gauges.map(([name, help, value]) => [metrics.gauge(name, help), value] as const);
    const measure = () => measures.forEach(([gauge, value]) => gauge.set(value()));
    measure();
    this.#cancelGauges = parts.clock.every(gaugesEveryMs, measure);
  }

  async save(rows: readonly SavedRow[]): Promise<void> {
    const begin = this.#parts.clock.monotonic();
    const entries = rows.map((row) => ({
      table: row.table,
      id: row.id,
      version: row.version,
      line: savedRowLine(row, this.#columns(row.table), (column) => this.#onUnknownColumn(row.table, column)),
    }));
    await this.#parts.journal.append(entries);
    this.#saveSeconds.observe((this.#parts.clock.monotonic() - begin) / 1000);
  }

  async write(table: BulkTable, rows: readonly Readonly<Record<string, Cell>>[]): Promise<void> {
    if (this.#closing) throw new Error("the store is closed");
    const columns = this.#columns(table);
    const onUnknownColumn = (column: string) => this.#onUnknownColumn(table, column);
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const lines = rows.slice(from, from + rowsAtOnce).map((row) => rowLine(row, columns, onUnknownColumn));
      await this.#parts.bulk.add(table, lines);
      if (this.#parts.bulk.hasFullBatch) this.#parts.writer.wake();
      if (from + rowsAtOnce < rows.length) await setImmediate();
    }
  }

  async latest<T>(
    table: SavedTable,
    where: string,
    params: Readonly<Record<string, unknown>> = {},
    page: number | LatestPage = defaultLimit,
  ): Promise<T[]> {
    const unwritten = this.#parts.journal.unwritten(table);
    if (unwritten.reduce((sum, entry) => sum + entry.line.length, 0) > maxOverlayBytes) {
      throw new StoreQuestionError("busy", "too many rows still wait to be written; ask again later");
    }
    const { limit, by } = typeof page === "number" ? { limit: page, by: "time" } : page;
    const sql = latestQuery({ table, columns: this.#columns(table), where, limit, by, unwritten });
    const rows = await this.#parts.reads.ask<{ body: string }>(sql, params);
    return rows.map((row) => JSON.parse(row.body) as T);
  }

  query<Row>(sql: string, params: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
    return this.#parts.reads.ask<Row>(sql, params);
  }

  async flush(): Promise<void> {
    this.#parts.writer.wake({ bulk: true });
    await Promise.all([this.#parts.journal.drained(), this.#parts.bulk.drained()]);
  }

  status(): StoreStatus {
    const { journal, bulk, inserter } = this.#parts;
    return {
      reachable: inserter.lastError === undefined,
      journalRows: journal.rows,
      journalBytes: journal.bytes,
      unwrittenRows: bulk.rows,
      lastError: inserter.lastError,
      journalError: journal.lastError,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Rows of the journal outlive a ClickHouse that is away; those of the buffer are lost, and come again with a replay. */
  async #close(): Promise<void> {
    const { clock, log, bulk, journal, writer, reads, connections, stop, closeWithinMs } = this.#parts;
    const enough = new AbortController();
    await Promise.race([this.flush(), sleep(clock, closeWithinMs, enough.signal)]);
    enough.abort();
    this.#cancelGauges();
    stop.abort();
    await writer.stop();
    await journal.close();
    await reads.close();
    await connections.close();
    const left = { journalRows: journal.rows, unwrittenRows: bulk.rows };
    if (left.journalRows + left.unwrittenRows > 0) log.warn(left, "store closed before all rows were written");
  }

  #columns(table: SavedTable | BulkTable): TableColumns {
    const columns = this.#parts.columns.get(table);
    if (!columns) throw new Error(`no migration makes the table ${table}`);
    return columns;
  }

  /** A slip in the code that made the row: said once, and no reason to lose the row. */
  #onUnknownColumn(table: string, column: string): void {
    this.#unknownColumns.inc({ table });
    const name = `${table}.${column}`;
    if (this.#warned.has(name) || this.#warned.size >= 100) return;
    this.#warned.add(name);
    this.#parts.log.warn({ table, column }, "the table has no such column; its value is left out");
  }
}
