import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { beginsAs, headOf, parseFilePosition } from "./file-position.ts";
import { inflated } from "./inflate.ts";
import { LineFeed, type LineFeedOptions } from "./line-feed.ts";
import type { Position } from "./raw-batch.ts";

const chunkBytes = 1024 ** 2;

/**
 * Reads one file, plain or gzip, from where an earlier run had got to, to its end. A broken gzip
 * stream ends it: what could be inflated is read, the rest is refused. Throws when it can't be opened.
 */
export async function readWholeFile(options: {
  path: string;
  feed: LineFeedOptions;
  signal: AbortSignal;
}): Promise<void> {
  const { path, feed: feedOptions, signal } = options;
  const { inode, head, resumeAt } = await identify(path, feedOptions.io.resumeAt(feedOptions.partition));
  const feed = new LineFeed({
    ...feedOptions,
    start: resumeAt.base + resumeAt.offset,
    position: (at) => ({ inode, offset: at - resumeAt.base, base: resumeAt.base, head }),
  });
  const stream = createReadStream(path, { highWaterMark: chunkBytes });
  let skip = resumeAt.offset;
  try {
    for await (const chunk of inflated(stream as AsyncIterable<Buffer>)) {
      if (signal.aborted) return await feed.settled();
      if (skip < chunk.length) await feed.push(chunk.subarray(skip));
      skip = Math.max(0, skip - chunk.length);
    }
    if (!signal.aborted) await feed.flush();
  } catch (error) {
    if (!isZlibError(error)) throw error;
    await feed.flush();
    await feed.refuseRest();
  } finally {
    stream.destroy();
  }
}

// helpers

async function identify(path: string, saved: Position | undefined) {
  const handle = await open(path, "r");
  try {
    const position = parseFilePosition(saved);
    const { ino: inode } = await handle.stat();
    const same = position && position.inode === inode && (await beginsAs(handle, position.head));
    const base = position ? position.base + position.offset : 0; // another file: offsets go on ascending
    const resumeAt = same ? { base: position.base, offset: position.offset } : { base, offset: 0 };
    return { inode, head: await headOf(handle), resumeAt };
  } finally {
    await handle.close();
  }
}

function isZlibError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE";
}
