/**
 * Tables whose rows must be durable before anything is done about them, in the order in which rows that wait
 * together go to ClickHouse. Whoever takes over from a process that died in between goes by what is there: a
 * detection that is there counts as acted upon, and a line that says a change was handed on as done. So what
 * follows from a row is there before it.
 */
export const savedTables = [
  "silences",
  "decisions",
  "deliveries",
  "incident_events",
  "incidents",
  "detections",
] as const;
export type SavedTable = (typeof savedTables)[number];

/** Tables of counts and samples: may be written a little later, and again after a replay. */
export const bulkTables = [
  "endpoint_minutes", "actor_minutes", "limited_requests", "endpoints_seen", "rejected_records", "access_events",
] as const; // prettier-ignore
export type BulkTable = (typeof bulkTables)[number];

export type Cell =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | readonly number[]
  | Readonly<Record<string, string | number | null>>;

/**
 * One version of a thing. `columns` are what people query by (the table's own columns); `body` is
 * the whole thing, and comes back as it was.
 */
export interface SavedRow {
  readonly table: SavedTable;
  readonly id: string;
  /** The highest version wins; saving the same one twice is harmless. */
  readonly version: number;
  /** Event or decision time, epoch ms; the time to live counts from it. */
  readonly time: number;
  readonly columns: Readonly<Record<string, Cell>>;
  readonly body: object;
}

/** The store, as later stages see it. ClickHouse behind it, a local journal in front. */
export interface Store {
  /**
   * Makes rows durable: resolves when they would survive `kill -9`, and may be acted upon. Waits
   * (back-pressure) while the journal is full.
   */
  save(rows: readonly SavedRow[]): Promise<void>;
  /** Hands over rows that may be written later; waits while too many are unwritten. */
  write(table: BulkTable, rows: readonly Readonly<Record<string, Cell>>[]): Promise<void>;
  /**
   * The newest `body` of each id in a saved table. `where` is SQL over its columns, with `{name:Type}`
   * parameters. The latest by the row's time come first, or by another time column; ties by id downwards.
   */
  latest<T>(
    table: SavedTable,
    where: string,
    params?: Readonly<Record<string, unknown>>,
    page?: number | LatestPage,
  ): Promise<T[]>;
  /** Any question, on a reading connection, with limits on time and memory. Rows as objects. */
  query<Row>(sql: string, params?: Readonly<Record<string, unknown>>): Promise<Row[]>;
  /** Everything handed over so far is in ClickHouse when this resolves. */
  flush(): Promise<void>;
  status(): StoreStatus;
  close(): Promise<void>;
}

/** How many at most, and by which of the table's time columns; the row's `time` unless given. */
export interface LatestPage {
  readonly limit: number;
  readonly by: string;
}

export interface StoreStatus {
  readonly reachable: boolean;
  /** Rows durable in the journal that ClickHouse doesn't have yet. */
  readonly journalRows: number;
  readonly journalBytes: number;
  /** Rows handed over by `write` and not yet written. */
  readonly unwrittenRows: number;
  readonly lastError: string | undefined;
  /** Why the disk refuses the journal (it is full, say); whoever saves waits meanwhile. */
  readonly journalError: string | undefined;
}
