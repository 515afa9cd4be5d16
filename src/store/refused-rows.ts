import { appendFile, stat } from "node:fs/promises";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";

/** Beyond this the file takes no more rows; they are still counted and logged. */
const maxFileBytes = 64 * 1024 ** 2;

/** Rows that ClickHouse will never take, kept for a person to look at, one JSON line each. */
export class RefusedRows {
  readonly #file: string;
  readonly #log: Log;
  readonly #count;
  #bytes: number | undefined;

  constructor(options: { file: string; log: Log; metrics: Metrics }) {
    this.#file = options.file;
    this.#log = options.log;
    this.#count = options.metrics.counter(
      "gatewatch_store_refused_rows_total",
      "Rows that ClickHouse refused for good",
      ["table"],
    );
  }

  /** Never throws: a row that can't even be kept here must not stop the others. */
  async keep(table: string, line: string, error: string): Promise<void> {
    this.#count.inc({ table });
    const text = `${JSON.stringify({ table, error, row: line })}\n`;
    this.#bytes ??= await stat(this.#file).then(
      (file) => file.size,
      () => 0,
    );
    const full = this.#bytes + Buffer.byteLength(text) > maxFileBytes;
    const kept = full ? "the file is full" : await this.#append(text);
    this.#log.error({ table, error, file: this.#file, kept }, "ClickHouse refused a row for good; it is set aside");
  }

  async #append(text: string): Promise<true | string> {
    try {
      await appendFile(this.#file, text, { mode: 0o600 });
      this.#bytes = (this.#bytes ?? 0) + Buffer.byteLength(text);
      return true;
    } catch (error) {
      return String(error);
    }
  }
}
