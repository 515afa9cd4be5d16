import { Progress } from "./progress.ts";
import type { BulkTable } from "./store.ts";

/** Rows of one table, taken out to be written. */
export interface BulkBatch {
  readonly table: BulkTable;
  readonly lines: readonly string[];
}

/** As many rows as one insert takes. */
export const bulkBatchRows = 10_000;

/** Rows in memory that may be written a little later; a stated number at most. */
export class BulkBuffer {
  readonly #maxRows: number;
  readonly #tables = new Map<BulkTable, string[]>();
  readonly #progress = new Progress();
  #waiting: { table: BulkTable; lines: readonly string[]; resolve: () => void }[] = [];

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** Rows that are not yet written, those of an insert under way included. */
  get rows(): number {
    return this.#progress.open;
  }

  /** A whole batch of one table is waiting. */
  get hasFullBatch(): boolean {
    return [...this.#tables.values()].some((lines) => lines.length >= bulkBatchRows);
  }

  /** Takes the rows over; waits, in turn, while there are too many. More than fit at all go in when it is empty. */
  add(table: BulkTable, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ table, lines, resolve });
      this.#admit();
    });
  }

  /** Up to one batch of the table that has the most; they count as unwritten until `written`. */
  take(): BulkBatch | undefined {
    let fullest: { table: BulkTable; lines: string[] } | undefined;
    for (const [table, lines] of this.#tables) {
      if (lines.length > (fullest?.lines.length ?? 0)) fullest = { table, lines };
    }
    return fullest && { table: fullest.table, lines: fullest.lines.splice(0, bulkBatchRows) };
  }

  written(count: number): void {
    this.#progress.done(count);
    this.#admit();
  }

  /** Resolves when all rows taken over before this call are written. */
  drained(): Promise<void> {
    return this.#progress.reached();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.rows > 0 && this.rows + next.lines.length > this.#maxRows) return;
      const lines = this.#tables.get(next.table) ?? [];
      this.#tables.set(next.table, lines);
      for (const line of next.lines) lines.push(line);
      this.#progress.add(next.lines.length);
      this.#waiting.shift();
      next.resolve();
    }
  }
}
