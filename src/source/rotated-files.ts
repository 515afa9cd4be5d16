import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { beginsAs, type FilePosition, openIfThere } from "./file-position.ts";

/** A file that has to be read before the one at the path, and from where. */
export interface RotatedFile {
  readonly path: string;
  readonly offset: number;
}

export interface RotatedFiles {
  /** The file that holds the position, then those that came after it; the one at the path itself is not among them. */
  readonly before: readonly RotatedFile[];
  /** Where to go on in the file at the path. */
  readonly offset: number;
  /** The position's file is gone, cut, or compressed: what was not read of it is lost. */
  readonly lost: boolean;
}

/**
 * Finds what was not read of a file that may have been rotated while we were away: `access.log`
 * may be `access.log.1` or `access.log-20260822` by now. Compressed ones can't be
 * matched, nor names that put the number elsewhere.
 */
export async function findRotated(path: string, position: FilePosition): Promise<RotatedFiles> {
  const holds = async (candidate: string) => {
    const handle = await openIfThere(candidate);
    if (!handle) return undefined;
    try {
      const { ino, size, mtimeMs } = await handle.stat();
      const same = ino === position.inode && size >= position.offset && (await beginsAs(handle, position.head));
      return { path: candidate, same, mtimeMs };
    } finally {
      await handle.close();
    }
  };
  if ((await holds(path))?.same) return { before: [], offset: position.offset, lost: false };
  const rotated = [];
  for (const name of await namesBeside(path)) {
    const file = await holds(join(dirname(path), name));
    if (file) rotated.push(file);
  }
  rotated.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? 1 : -1)); // same time: .2 is older than .1
  const at = rotated.findIndex(({ same }) => same);
  if (at < 0) return { before: [], offset: 0, lost: true };
  const before = rotated.slice(at).map((file, i) => ({ path: file.path, offset: i === 0 ? position.offset : 0 }));
  return { before, offset: 0, lost: false };
}

// helpers

/** What rotation adds to a name: `.1`, `.old`, `-20260822`, `.2026-08-22T09`. */
const rotatedSuffix = /^[.-](old|\d[\dTZ:._-]*)$/;

async function namesBeside(path: string): Promise<string[]> {
  const base = basename(path);
  const names = await readdir(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return []; // the directory may come later, as the file may
    throw error;
  });
  return names.filter((name) => name.startsWith(base) && rotatedSuffix.test(name.slice(base.length)));
}
