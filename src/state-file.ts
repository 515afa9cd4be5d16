import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { readState, stateInPieces } from "./detect/state-bytes.ts";

/** Changes whenever what is saved changes its meaning; an older file is then not read. */
export const stateVersion = 13;
const magic = Buffer.from(`gatewatch-state-${stateVersion}\n`);

/**
 * The detect stage's state and the sources' positions, in one file that is replaced whole: after a
 * crash there is the old one or the new one, never half of one.
 */
export class StateFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when `state` is on disk; until then it must not change. */
  async save(state: object): Promise<void> {
    const temporary = `${this.#path}.new`;
    const file = await open(temporary, "w");
    try {
      const checksum = Buffer.alloc(4);
      await file.writev([magic, checksum]);
      let crc = 0;
      for await (const piece of stateInPieces(state)) {
        crc = crc32(piece, crc);
        await file.appendFile(piece);
      }
      checksum.writeUInt32LE(crc);
      await file.write(checksum, 0, checksum.length, magic.length);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
    const folder = await open(dirname(this.#path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** What was saved last; `problem` says why it can't be used, and then everything begins anew. */
  async load(): Promise<{ state: unknown; problem: string | undefined }> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { state: undefined, problem: undefined };
      throw error;
    }
    const body = bytes.subarray(magic.length + 4);
    if (!bytes.subarray(0, magic.length).equals(magic))
      return { state: undefined, problem: "written by another version" };
    if (bytes.length < magic.length + 4 || crc32(body) !== bytes.readUInt32LE(magic.length))
      return { state: undefined, problem: "damaged" };
    return { state: readState(body), problem: undefined };
  }
}
