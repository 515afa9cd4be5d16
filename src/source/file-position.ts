import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Position } from "./raw-batch.ts";

/**
 * Where reading a file goes on. Inode numbers are used again, and a file can be cut and written
 * anew under the same one, so the file's first bytes are compared as well.
 */
export interface FilePosition {
  readonly inode: number;
  /** Bytes of this file that are done (of the inflated content, when it is gzip). */
  readonly offset: number;
  /** Bytes of the files read before it, so that record offsets ascend over rotations. */
  readonly base: number;
  /** The length and a hash of the file's first bytes: `256:1f0c…`. */
  readonly head: string;
}

/** Enough to hold the time of the first line. */
const headBytes = 256;

/** Reads a position that an earlier run saved; `undefined` when it is none of ours. */
export function parseFilePosition(position: Position | undefined): FilePosition | undefined {
  if (typeof position !== "object") return undefined;
  const { inode, offset, base, head } = position;
  if (typeof inode !== "number" || typeof offset !== "number" || typeof base !== "number") return undefined;
  return typeof head === "string" ? { inode, offset, base, head } : undefined;
}

/** The mark of a file's first bytes, as many as there are now. */
export function headOf(handle: FileHandle): Promise<string> {
  return markOf(handle, headBytes);
}

/** Whether a file still begins as it did when `head` was taken; it may have grown since. */
export async function beginsAs(handle: FileHandle, head: string): Promise<boolean> {
  const length = Number(head.slice(0, head.indexOf(":")));
  if (!Number.isInteger(length) || length > headBytes) return false;
  return (await markOf(handle, length)) === head;
}

/** Opens a file if it is there. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

// helpers

async function markOf(handle: FileHandle, length: number): Promise<string> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const hash = createHash("sha256").update(buffer.subarray(0, filled)).digest("hex").slice(0, 16);
  return `${filled}:${hash}`;
}
