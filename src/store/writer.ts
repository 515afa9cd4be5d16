import type { Clock } from "../clock.ts";
import type { BulkBuffer } from "./bulk-buffer.ts";
import type { Inserter } from "./inserter.ts";
import type { Journal } from "./journal.ts";
import type { JournalEntry } from "./journal-record.ts";
import { savedTables } from "./store.ts";
import { WorkLoop } from "./work-loop.ts";

/** Rows of the journal that go in at once; large bodies are limited by bytes. */
const journalBatch = { rows: 2000, bytes: 8 * 1024 ** 2 };
const bulkEveryMs = 1000;

/**
 * Carries rows to ClickHouse, one insert at a time: those of the journal as soon as they are there,
 * those of the buffer every second or when a batch is full. Takes turns, so that neither starves.
 */
export class Writer {
  readonly #journal: Pick<Journal, "peek" | "written" | "onAppended">;
  readonly #bulk: Pick<BulkBuffer, "hasFullBatch" | "take" | "written">;
  readonly #inserter: Pick<Inserter, "insert">;
  readonly #cancelTimer: () => void;
  #bulkDue = false;
  readonly #loop = new WorkLoop(() => this.#step());
  #stopped = false;

  constructor(options: {
    journal: Pick<Journal, "peek" | "written" | "onAppended">;
    bulk: Pick<BulkBuffer, "hasFullBatch" | "take" | "written">;
    inserter: Pick<Inserter, "insert">;
    clock: Clock;
  }) {
    this.#journal = options.journal;
    this.#bulk = options.bulk;
    this.#inserter = options.inserter;
    this.#journal.onAppended(() => this.wake());
    this.#cancelTimer = options.clock.every(bulkEveryMs, () => this.wake({ bulk: true }));
  }

  /** Something may be there to write; with `bulk`, write what is buffered even if it is little. */
  wake(options: { bulk?: boolean } = {}): void {
    if (this.#stopped) return;
    if (options.bulk) this.#bulkDue = true;
    this.#loop.wake();
  }

  /** Writes no more; resolves when the insert under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#loop.idle();
  }

  async #step(): Promise<boolean> {
    if (this.#stopped) return false;
    const journalBusy = await this.#writeJournal();
    const bulkBusy = await this.#writeBulk();
    return journalBusy || bulkBusy;
  }

  async #writeJournal(): Promise<boolean> {
    const batch = this.#journal.peek(journalBatch);
    const byTable = Map.groupBy(batch, (entry) => entry.table);
    for (const table of savedTables) {
      const entries = byTable.get(table);
      if (entries && (await this.#inserter.insert(table, lines(entries))) === "stopped") return false;
    }
    if (batch.length > 0) await this.#journal.written(batch.length);
    return batch.length > 0;
  }

  async #writeBulk(): Promise<boolean> {
    if (!this.#bulkDue && !this.#bulk.hasFullBatch) return false;
    const batch = this.#bulk.take();
    if (!batch) {
      this.#bulkDue = false;
      return false;
    }
    if ((await this.#inserter.insert(batch.table, batch.lines)) === "stopped") return false;
    this.#bulk.written(batch.lines.length);
    return true;
  }
}

// helpers

const lines = (entries: readonly JournalEntry[]): string[] => entries.map((entry) => entry.line);
