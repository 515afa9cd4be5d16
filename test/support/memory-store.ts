import type { BulkTable, Cell, LatestPage, SavedRow, SavedTable, Store, StoreStatus } from "../../src/store/store.ts";
import { compileWhere } from "./sql-where.ts";

/**
 * A store in memory, for unit tests of later stages: saves rows by id and version, answers
 * `latest` (newest time first) by the same conditions, and `query` by what a test gave it.
 */
export class MemoryStore implements Store {
  /** Every call of `save`, in order. */
  readonly saves: (readonly SavedRow[])[] = [];
  readonly written = new Map<BulkTable, Readonly<Record<string, Cell>>[]>();
  /** Every SQL question that was asked. */
  readonly asked: { sql: string; params: Readonly<Record<string, unknown>> }[] = [];
  readonly #rows = new Map<SavedTable, Map<string, SavedRow>>();
  #answer: (sql: string, params: Readonly<Record<string, unknown>>) => unknown = () => [];
  #failure: Error | undefined;

  /** What `query` answers from now on: rows, a promise of rows, or an error that is thrown. */
  answer(fn: (sql: string, params: Readonly<Record<string, unknown>>) => unknown): void {
    this.#answer = fn;
  }

  /** Makes `save` reject until it is called again with `undefined`. */
  failSaves(error: Error | undefined): void {
    this.#failure = error;
  }

  /** The newest version of each row of a table, in the order they were first saved. */
  rows(table: SavedTable): SavedRow[] {
    return [...(this.#rows.get(table)?.values() ?? [])];
  }

  async save(rows: readonly SavedRow[]): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.saves.push(rows);
    for (const row of rows) {
      // As a journal would: what was saved is a copy, and must survive JSON.
      const copy = { ...row, body: JSON.parse(JSON.stringify(row.body)) as object };
      const byId = this.#rows.get(row.table) ?? new Map<string, SavedRow>();
      this.#rows.set(row.table, byId);
      const known = byId.get(row.id);
      if (!known || known.version < row.version) byId.set(row.id, copy);
    }
  }

  async write(table: BulkTable, rows: readonly Readonly<Record<string, Cell>>[]): Promise<void> {
    this.written.set(table, [...(this.written.get(table) ?? []), ...rows]);
  }

  async latest<T>(
    table: SavedTable,
    where: string,
    params: Readonly<Record<string, unknown>> = {},
    page: number | LatestPage = 1000,
  ): Promise<T[]> {
    const matches = compileWhere(where);
    const { limit, by } = typeof page === "number" ? { limit: page, by: "time" } : page;
    const timeOf = (row: SavedRow) => Number(by === "time" ? row.time : row.columns[by]);
    return this.rows(table)
      .filter((row) => matches({ id: row.id, version: row.version, time: row.time, ...row.columns }, params))
      .sort((a, b) => timeOf(b) - timeOf(a) || (a.id < b.id ? 1 : -1))
      .slice(0, limit)
      .map((row) => JSON.parse(JSON.stringify(row.body)) as T);
  }

  async query<Row>(sql: string, params: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
    this.asked.push({ sql, params });
    const answer = await this.#answer(sql, params);
    if (answer instanceof Error) throw answer;
    return answer as Row[];
  }

  async flush(): Promise<void> {}

  status(): StoreStatus {
    return {
      reachable: true,
      journalRows: 0,
      journalBytes: 0,
      unwrittenRows: 0,
      lastError: undefined,
      journalError: undefined,
    };
  }

  async close(): Promise<void> {}
}
