import { open, type FileHandle } from "node:fs/promises";
import type { GatewatchError } from "../errors.ts";
import { cantBeWritten, type Sink } from "./sink.ts";
import type { SimulatedRecord } from "./simulation.ts";

/** While one of two such pieces goes to the disk, the other is filled. A line is a few kilobytes at most. */
const pieceBytes = 1024 ** 2;
const newline = 0x0a;

/** Writes a file anew. Rejects when it can't be opened. */
export async function fileSink(path: string): Promise<Sink> {
  const file = await open(path, "w").catch((cause: NodeJS.ErrnoException) => {
    throw cantBeWritten(path, cause);
  });
  return new FileSink(file, path);
}

// helpers

/** The two pieces are used again and again: new memory for each batch costs a third of the speed. */
class FileSink implements Sink {
  readonly #file: FileHandle;
  readonly #path: string;
  #filling = Buffer.allocUnsafeSlow(pieceBytes);
  #filled = 0;
  #spare = Buffer.allocUnsafeSlow(pieceBytes);
  #writing: Promise<void> | undefined;
  #failure: GatewatchError | undefined;

  constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  async write(records: readonly SimulatedRecord[]): Promise<void> {
    for (let i = 0; i < records.length; i++) {
      const { line } = records[i]!;
      if (this.#filled + line.length + 1 > pieceBytes) await this.#next();
      this.#filled += this.#filling.write(line, this.#filled, "latin1");
      this.#filling[this.#filled++] = newline;
    }
    // A few lines now and then are to be seen in the file at once.
    if (this.#writing === undefined) this.#start();
  }

  async close(): Promise<void> {
    try {
      await this.#next();
      await this.#next();
    } finally {
      await this.#file.close();
    }
  }

  /** Waits for the piece under way, and begins with what was filled meanwhile. */
  async #next(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
    this.#start();
  }

  #start(): void {
    if (this.#filled === 0) return;
    const piece = this.#filling;
    const end = this.#filled;
    [this.#filling, this.#spare, this.#filled] = [this.#spare, piece, 0];
    this.#writing = this.#file
      .writeFile(piece.subarray(0, end))
      .catch((cause: NodeJS.ErrnoException) => {
        this.#failure = cantBeWritten(this.#path, cause);
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }
}
