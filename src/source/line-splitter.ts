import type { RefusedRecord } from "./raw-batch.ts";

/** Whole lines found in the bytes so far. */
export interface Lines {
  /** Each line as text, without its end (`\n` or `\r\n`); bytes that are no UTF-8 become U+FFFD. */
  readonly records: string[];
  /** Of each line: the byte offset of its first byte. */
  readonly offsets: number[];
  /** Lines longer than the bound, by their first characters. */
  readonly refused: RefusedRecord[];
}

const newline = 0x0a;
const carriageReturn = 0x0d;
/** Bytes kept of a line that is refused; enough to see what it was. */
const headBytes = 300;

/**
 * Bytes in, lines out. However the bytes are cut into chunks, the lines and offsets are the same.
 * Keeps at most `maxRecordBytes` of an unfinished line; of a longer one only its head, until its
 * end comes.
 *
 * Each line is decoded on its own: measured against decoding a chunk at once and cutting up the
 * text, this is as fast once lines are parsed (7 M lines/s alone), it needs no second way for
 * text that isn't ASCII, and no line keeps the whole chunk in memory.
 */
export class LineSplitter {
  readonly #maxRecordBytes: number;
  /** What is kept of an unfinished line at most; one more than the bound, for a carriage return. */
  readonly #maxPendingBytes: number;
  /** Where the unfinished line began. */
  #start: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** The unfinished line is over the bound: only its head is kept. */
  #tooLong = false;

  constructor(options: { maxRecordBytes: number; offset?: number }) {
    this.#maxRecordBytes = options.maxRecordBytes;
    this.#maxPendingBytes = Math.max(options.maxRecordBytes, headBytes) + 1;
    this.#start = options.offset ?? 0;
  }

  /** The byte offset of the first line that is not yet given out: where to continue. */
  get next(): number {
    return this.#start;
  }

  /** Bytes of the unfinished line, also those that were dropped. */
  get unfinished(): number {
    return this.#pendingBytes;
  }

  /** Takes the next bytes; `chunk` may be reused afterwards. */
  push(chunk: Buffer): Lines {
    const lines: Lines = { records: [], offsets: [], refused: [] };
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(newline, from);
      if (end < 0) break;
      if (this.#pendingBytes > 0) {
        this.#keep(chunk.subarray(from, end));
        this.#finish(lines);
        this.#start += 1;
      } else {
        this.#line(lines, chunk, from, end);
        this.#start += end - from + 1;
      }
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
    return lines;
  }

  /** Gives out the unfinished line as it is: the end of the bytes, or it waited long enough. */
  flush(): Lines {
    const lines: Lines = { records: [], offsets: [], refused: [] };
    if (this.#pendingBytes > 0) this.#finish(lines);
    return lines;
  }

  #keep(part: Buffer): void {
    this.#pendingBytes += part.length;
    if (this.#tooLong) return;
    if (this.#pendingBytes > this.#maxPendingBytes) {
      this.#tooLong = true;
      const head = Buffer.concat([...this.#pending, part.subarray(0, headBytes)]);
      this.#pending = [Buffer.from(head.subarray(0, headBytes))];
    } else if (part.length > 0) {
      this.#pending.push(Buffer.from(part));
    }
  }

  #finish(lines: Lines): void {
    const [only] = this.#pending;
    const line = this.#pending.length === 1 && only ? only : Buffer.concat(this.#pending);
    if (this.#tooLong) this.#refuse(lines, line);
    else this.#line(lines, line, 0, line.length);
    this.#start += this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#tooLong = false;
  }

  #line(lines: Lines, bytes: Buffer, from: number, to: number): void {
    const end = to > from && bytes[to - 1] === carriageReturn ? to - 1 : to;
    if (end - from > this.#maxRecordBytes) {
      this.#refuse(lines, bytes.subarray(from, Math.min(end, from + headBytes)));
      return;
    }
    lines.records.push(bytes.toString("utf8", from, end));
    lines.offsets.push(this.#start);
  }

  #refuse(lines: Lines, head: Buffer): void {
    lines.refused.push({ offset: this.#start, reason: "too_long", head: head.toString("utf8") });
  }
}
