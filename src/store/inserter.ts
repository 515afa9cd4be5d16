import { sleep, type Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { RefusedRows } from "./refused-rows.ts";
import type { BulkTable, SavedTable } from "./store.ts";

export interface InserterOptions {
  /** Runs one statement on the writing connection. */
  readonly execute: (sql: string) => Promise<void>;
  readonly refused: RefusedRows;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Ends the waiting between attempts. */
  readonly signal: AbortSignal;
}

const firstWaitMs = 100;
const longestWaitMs = 5000;

/**
 * ClickHouse's error codes that blame the row (src/Common/ErrorCodes.cpp). With any other code, and
 * without one, the same row may be taken later: a full disk, too many parts, a server that restarts.
 */
const rowsFault = new Set([
  "6", "26", "27", "32", "33", "38", "41", "43", "53", "69", "70", "72", "85", "117", "128", "130", "131", "190",
  "321", "349", "353", "441", "467", "469", "676", "675",
]); // prettier-ignore

/** Puts lines into tables, until ClickHouse has them or has refused them for good. */
export class Inserter {
  readonly #options: InserterOptions;
  readonly #rows;
  readonly #retries;
  readonly #seconds;
  #lastError: string | undefined;

  constructor(options: InserterOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#rows = metrics.counter("gatewatch_store_inserted_rows_total", "Rows that ClickHouse took", ["table"]);
    this.#retries = metrics.counter("gatewatch_store_insert_retries_total", "Inserts that failed and were tried again");
    this.#seconds = metrics.histogram("gatewatch_store_insert_seconds", "How long ClickHouse took for an insert");
  }

  /** What the last attempt failed with; `undefined` once one has worked. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** `done`: every line is in ClickHouse or in the file of refused rows. `stopped`: the signal ended the attempts. */
  async insert(table: SavedTable | BulkTable, lines: readonly string[]): Promise<"done" | "stopped"> {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      const failure = await this.#attempt(table, lines);
      if (failure === undefined) return "done";
      if (rowsFault.has(failure.code)) return this.#isolate(table, lines, failure.message);
      this.#retries.inc();
      this.#lastError = failure.message;
      this.#options.log.warn(
        { table, rows: lines.length, error: failure.message, waitMs },
        "insert failed; trying again",
      );
      await sleep(this.#options.clock, waitMs, this.#options.signal);
      if (this.#options.signal.aborted) return "stopped";
    }
  }

  async #attempt(table: string, lines: readonly string[]): Promise<{ code: string; message: string } | undefined> {
    const begin = this.#options.clock.monotonic();
    try {
      await this.#options.execute(`INSERT INTO ${table} FORMAT JSONEachRow\n${lines.join("\n")}`);
    } catch (error) {
      return describe(error);
    }
    this.#seconds.observe((this.#options.clock.monotonic() - begin) / 1000);
    this.#rows.inc({ table }, lines.length);
    this.#lastError = undefined;
    return undefined;
  }

  /** Halves the batch until the bad rows stand alone; the others go in. */
  async #isolate(
    table: SavedTable | BulkTable,
    lines: readonly string[],
    message: string,
  ): Promise<"done" | "stopped"> {
    const [only] = lines;
    if (lines.length <= 1) {
      if (only !== undefined) await this.#options.refused.keep(table, only, message);
      return "done";
    }
    const middle = Math.ceil(lines.length / 2);
    const first = await this.insert(table, lines.slice(0, middle));
    return first === "stopped" ? first : this.insert(table, lines.slice(middle));
  }
}

// helpers

/** The HTTP client and the embedded engine both carry ClickHouse's number as `code`; a lost connection has another, or none. */
function describe(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown };
  // The text may quote the row: keep it short, and on one line.
  const text = (typeof message === "string" && message !== "" ? message : String(code ?? error)).replace(/\s+/g, " ");
  return { code: typeof code === "string" ? code : "", message: text.slice(0, 300) };
}
