/** One connection to ClickHouse. It does one statement at a time; the next one waits. */
export interface StoreConnection {
  /** Runs a statement that answers nothing. */
  execute(sql: string): Promise<void>;
  /** Asks a question; rows as objects, 64-bit integers as numbers. */
  query<Row>(sql: string, params: Readonly<Record<string, unknown>>): Promise<Row[]>;
}

/** The ways to one ClickHouse, embedded or a server: the same SQL through either. */
export interface StoreConnections {
  /** For migrations and inserts. */
  readonly write: StoreConnection;
  /** For questions, each with limits on time, memory and threads, and unable to change anything. */
  readonly read: readonly StoreConnection[];
  close(): Promise<void>;
}

/** What a question may cost; the same numbers hold embedded and on a server. */
export const readLimits = {
  max_threads: 1,
  max_execution_time: 30,
  max_memory_usage: String(512 * 1024 ** 2),
  max_result_rows: "200000",
  /** Rows that wait in the journal travel inside the question. */
  max_query_size: String(64 * 1024 ** 2),
} as const;

/** Questions that run at once. More would take the cores and the thread pool from everything else. */
export const readConnections = 2;

/** Plain JSON numbers also where an older server would quote them. */
export const formatSettings = { output_format_json_quote_64bit_integers: 0 } as const;
