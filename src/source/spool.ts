import { type FileHandle, mkdir, open, readdir, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";

/** Where reading a spool goes on. */
export interface SpoolPosition {
  /** The segment: how many bytes were ever written before it. */
  readonly segment: number;
  /** Bytes of it that are done. */
  readonly offset: number;
}

/** Bytes read from one segment. */
export interface SpoolChunk extends SpoolPosition {
  readonly bytes: Buffer;
}

interface Segment {
  readonly base: number;
  readonly path: string;
  /** Bytes that are safe on the disk; nothing beyond is read. */
  size: number;
}

interface Append {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  readonly done: (outcome: "kept" | "failed") => void;
}

const readBytes = 1024 ** 2;
/** A full spool gets room again when one of so many segments is done. */
const segments = 16;

/**
 * Lines on disk that were accepted and are not yet handled: segment files, appended to in whole
 * lines, deleted when done. Holds at most `maxBytes`. What `append` kept survives `kill -9`, and a
 * power cut where the disk is honest.
 */
export class Spool {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #segments: Segment[];
  #active: FileHandle | undefined;
  #queue: Append[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #wakeReader: () => void = () => undefined;

  private constructor(directory: string, maxBytes: number, found: Segment[]) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
    this.#segments = found;
  }

  /** Opens a spool, or makes one. A last line that was cut off by a crash was never acknowledged: it goes. */
  static async open(options: { directory: string; maxBytes: number }): Promise<Spool> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const found: Segment[] = [];
    for (const name of (await readdir(options.directory)).sort()) {
      if (!/^\d{16}\.log$/.test(name)) continue;
      const path = join(options.directory, name);
      found.push({ base: Number.parseInt(name, 10), path, size: await dropTornTail(path) });
    }
    return new Spool(options.directory, options.maxBytes, found);
  }

  /** Bytes on disk, also those of a segment that is done in part. */
  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** The first line that is still there. */
  get start(): SpoolPosition {
    return { segment: this.#segments[0]?.base ?? 0, offset: 0 };
  }

  /** Whether a position is in a segment that is still there. */
  has({ segment, offset }: SpoolPosition): boolean {
    return this.#segments.some(({ base, size }) => base === segment && offset <= size);
  }

  /** Adds whole lines, all or none; resolves once they are safe. `full`: there is no room now. */
  append(parts: readonly Buffer[]): Promise<"kept" | "full" | "failed"> {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes === 0) return Promise.resolve("kept");
    if (this.bytes + this.#queuedBytes + bytes > this.#maxBytes) return Promise.resolve("full");
    return new Promise((done) => {
      this.#queue.push({ parts, bytes, done });
      this.#queuedBytes += bytes;
      this.#writing ??= this.#write();
    });
  }

  /** All lines from a position on, and those that come later, until aborted. A chunk is valid until the next. */
  async *read(from: SpoolPosition, signal: AbortSignal): AsyncGenerator<SpoolChunk> {
    const buffer = Buffer.allocUnsafe(readBytes);
    let { segment, offset } = from;
    while (!signal.aborted) {
      const current = this.#segments.find(({ base }) => base === segment);
      if (current && offset < current.size) {
        const bytes = await readAt(current, buffer, offset);
        yield { segment, offset, bytes };
        offset += bytes.length;
        continue;
      }
      // The one read last may have been deleted by now: it was done.
      const next = this.#segments.find(({ base }) => base > segment);
      if (next) {
        segment = next.base;
        offset = 0;
      } else await this.#more(signal);
    }
  }

  /**
   * Deletes segments that are done. When all is, a new one is begun, so that no line stays on the disk
   * after it was handled; its name keeps the count of bytes.
   */
  async release(done: SpoolPosition): Promise<void> {
    const end = done.segment + done.offset;
    const newest = this.#segments.at(-1);
    const isAllDone = newest !== undefined && newest.size > 0 && newest.base + newest.size <= end;
    // While lines are being appended, not all is done for long.
    if (isAllDone && this.#writing === undefined) await (this.#writing = this.#renew());
    while (this.#segments.length > 1) {
      const [oldest] = this.#segments;
      if (!oldest || oldest.base + oldest.size > end) return;
      this.#segments.shift();
      await unlink(oldest.path);
    }
  }

  /** Waits for appends that are under way. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#active?.close();
    this.#active = undefined;
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      this.#wakeReader = done;
    });
  }

  /** Writes what is queued, together under one fdatasync, until nothing is. */
  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const appends = this.#queue;
      this.#queue = [];
      const outcome = await this.#writeAll(appends);
      for (const { bytes, done } of appends) {
        this.#queuedBytes -= bytes;
        done(outcome);
      }
      this.#wakeReader();
    }
    // At once after the queue was seen empty, or an append in between would wait for nobody.
    this.#writing = undefined;
  }

  async #writeAll(appends: readonly Append[]): Promise<"kept" | "failed"> {
    try {
      const { handle, segment } = await this.#room();
      let at = segment.size;
      for (const part of appends.flatMap(({ parts }) => parts)) {
        for (let written = 0; written < part.length;) {
          const { bytesWritten } = await handle.write(part, written, part.length - written, at);
          written += bytesWritten;
          at += bytesWritten;
        }
      }
      await handle.datasync();
      segment.size = at;
      return "kept";
    } catch {
      // The caller answers 429 and counts it. Half-written bytes lie beyond `size`, and are overwritten.
      return "failed";
    }
  }

  /** Begins a segment while nothing is appended; what comes meanwhile is written after it. */
  async #renew(): Promise<void> {
    try {
      await this.#begin();
    } catch {
      // The disk may be full, or gone: then the old one is gone on with, and the next append says so.
    }
    this.#writing = this.#queue.length > 0 ? this.#write() : undefined;
  }

  /** The segment to append to; a new one when the newest is large enough. */
  async #room(): Promise<{ handle: FileHandle; segment: Segment }> {
    const newest = this.#segments.at(-1);
    if (newest && newest.size < this.#maxBytes / segments) {
      this.#active ??= await open(newest.path, "r+");
      return { handle: this.#active, segment: newest };
    }
    return this.#begin();
  }

  async #begin(): Promise<{ handle: FileHandle; segment: Segment }> {
    const newest = this.#segments.at(-1);
    await this.#active?.close();
    this.#active = undefined;
    const base = newest ? newest.base + newest.size : 0;
    const segment = { base, path: join(this.#directory, `${String(base).padStart(16, "0")}.log`), size: 0 };
    // Lines as they came, with whatever secrets a log holds: for nobody else.
    this.#active = await open(segment.path, "w", 0o600);
    await syncDirectory(this.#directory);
    this.#segments.push(segment);
    return { handle: this.#active, segment };
  }
}

// helpers

async function dropTornTail(path: string): Promise<number> {
  const handle = await open(path, "r");
  const buffer = Buffer.alloc(64 * 1024);
  try {
    let { size: end } = await handle.stat();
    while (end > 0) {
      const from = Math.max(0, end - buffer.length);
      const { bytesRead } = await handle.read(buffer, 0, end - from, from);
      const newline = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
      end = newline < 0 ? from : from + newline + 1;
      if (newline >= 0) break;
    }
    await truncate(path, end);
    return end;
  } finally {
    await handle.close();
  }
}

async function readAt(segment: Segment, buffer: Buffer, offset: number): Promise<Buffer> {
  const handle = await open(segment.path, "r");
  try {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, segment.size - offset), offset);
    if (bytesRead === 0) throw new Error(`${segment.path} is shorter than it was`);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Makes a new file's name as durable as its content. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
