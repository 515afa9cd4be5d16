import { mkdir, open, readFile, readdir, rm, truncate, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../log.ts";
import { decodeRecords, type JournalEntry } from "./journal-record.ts";

/** An entry found in a segment when the journal was opened. */
export interface RecoveredEntry {
  readonly entry: JournalEntry;
  readonly segment: number;
}

export interface SegmentLogOptions {
  readonly directory: string;
  /** A segment that has reached this size is followed by a new one. */
  readonly segmentBytes: number;
  readonly log: Log;
}

/**
 * Append-only files, numbered from 1. What `append` resolved is on the disk. Only one `append` may
 * be under way at a time.
 */
export class SegmentLog {
  readonly #options: SegmentLogOptions;
  #file: FileHandle | undefined;
  #fileBytes = 0;
  /** The oldest file that may exist, and the newest. */
  #first: number;
  #last: number;
  /** The newest one is open, or about to be. */
  #active = false;

  private constructor(options: SegmentLogOptions, numbers: readonly number[]) {
    this.#options = options;
    this.#first = numbers[0] ?? 1;
    this.#last = numbers.at(-1) ?? 0;
  }

  /** Opens the directory, cuts torn ends, and tells what the segments hold, oldest first. */
  static async open(options: SegmentLogOptions): Promise<{ segments: SegmentLog; recovered: RecoveredEntry[] }> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const numbers = (await readdir(options.directory))
      .map((name) => Number(/^(\d{12})\.journal$/.exec(name)?.[1]))
      .filter((number) => number > 0)
      .sort((a, b) => a - b);
    const segments = new SegmentLog(options, numbers);
    const recovered: RecoveredEntry[] = [];
    for (const segment of numbers) {
      for (const entry of await segments.#recover(segment)) recovered.push({ entry, segment });
    }
    return { segments, recovered };
  }

  /** Writes and syncs; the segment it went to. After an error nothing of it counts as written, and it may be tried again. */
  async append(bytes: Buffer): Promise<number> {
    try {
      if (this.#fileBytes >= this.#options.segmentBytes) await this.#leave();
      this.#file ??= await this.#next();
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#fileBytes += bytes.length;
      return this.#last;
    } catch (cause) {
      // A failed sync may have dropped pages that look written: never append behind them.
      await this.#leave();
      throw cause;
    }
  }

  /** Deletes the segments before the oldest that is still needed (`undefined`: none is); the open one stays. */
  async removeBefore(needed: number | undefined): Promise<void> {
    const end = Math.min(needed ?? Number.POSITIVE_INFINITY, this.#active ? this.#last : this.#last + 1);
    for (; this.#first < end; this.#first += 1) await rm(this.#path(this.#first), { force: true });
  }

  async close(): Promise<void> {
    await this.#leave();
  }

  async #next(): Promise<FileHandle> {
    this.#last += 1;
    this.#active = true;
    this.#fileBytes = 0;
    const file = await open(this.#path(this.#last), "a", 0o600);
    // The file's name has to survive a power cut as well as its content.
    const directory = await open(this.#options.directory, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
    return file;
  }

  async #leave(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#active = false;
    this.#fileBytes = 0;
    await file?.close();
  }

  async #recover(segment: number): Promise<JournalEntry[]> {
    const bytes = await readFile(this.#path(segment));
    const { entries, wholeBytes } = decodeRecords(bytes);
    if (wholeBytes < bytes.length) {
      this.#options.log.warn(
        { segment, cutBytes: bytes.length - wholeBytes, rows: entries.length },
        "journal segment ends in a torn write that was never confirmed; cut",
      );
      await truncate(this.#path(segment), wholeBytes);
    }
    return entries;
  }

  #path(segment: number): string {
    return join(this.#options.directory, `${String(segment).padStart(12, "0")}.journal`);
  }
}
