import type { FileHandle } from "node:fs/promises";
import { beginsAs, headOf } from "./file-position.ts";
import { LineFeed, type LineFeedOptions } from "./line-feed.ts";

const chunkBytes = 1024 ** 2;

/** One open file that may still grow: reads what is new, and notices when it was cut and written anew. */
export class FollowedFile {
  readonly inode: number;
  readonly #handle: FileHandle;
  readonly #feed: LineFeed;
  readonly #base: number;
  readonly #buffer = Buffer.allocUnsafe(chunkBytes);
  #head: string;
  /** Where the next byte is read from. */
  #offset: number;

  private constructor(options: {
    handle: FileHandle;
    inode: number;
    head: string;
    base: number;
    offset: number;
    feed: LineFeedOptions;
  }) {
    this.#handle = options.handle;
    this.inode = options.inode;
    this.#head = options.head;
    this.#base = options.base;
    this.#offset = options.offset;
    this.#feed = new LineFeed({
      ...options.feed,
      start: options.base + options.offset,
      position: (at) => ({ inode: this.inode, offset: at - this.#base, base: this.#base, head: this.#head }),
    });
  }

  /** Takes over an open handle; `offset` is where to begin, `end` for after what it has now. */
  static async of(
    handle: FileHandle,
    options: { base: number; offset: number | "end"; feed: LineFeedOptions },
  ): Promise<FollowedFile> {
    const { ino, size } = await handle.stat();
    const offset = options.offset === "end" ? size : options.offset;
    return new FollowedFile({ ...options, handle, inode: ino, head: await headOf(handle), offset });
  }

  /** Bytes of all files up to the end of what was handed over. */
  get done(): number {
    return this.#feed.next;
  }

  get hasUnfinishedLine(): boolean {
    return this.#feed.unfinished > 0;
  }

  /** Reads and hands over what is new, at most one chunk; says how many bytes that were. */
  async readOn(): Promise<number> {
    const { bytesRead } = await this.#handle.read(this.#buffer, 0, chunkBytes, this.#offset);
    if (bytesRead === 0) return 0;
    if (this.#offset < 256) this.#head = await headOf(this.#handle);
    this.#offset += bytesRead;
    await this.#feed.push(this.#buffer.subarray(0, bytesRead));
    return bytesRead;
  }

  /** Whether the file was cut, or written anew under the same name (logrotate's `copytruncate`). */
  async wasCut(): Promise<boolean> {
    const { size } = await this.#handle.stat();
    return size < this.#offset || !(await beginsAs(this.#handle, this.#head));
  }

  /** Has the position saved before the first line comes. */
  async mark(): Promise<void> {
    await this.#feed.mark();
  }

  /** Hands over the unfinished last line as it is. */
  async flush(): Promise<void> {
    await this.#feed.flush();
  }

  async close(): Promise<void> {
    await this.#handle.close();
    await this.#feed.settled();
  }
}
