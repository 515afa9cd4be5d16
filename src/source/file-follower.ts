import { stat } from "node:fs/promises";
import { sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import { FollowedFile } from "./followed-file.ts";
import { openIfThere, parseFilePosition } from "./file-position.ts";
import type { LineFeedOptions } from "./line-feed.ts";
import { findRotated } from "./rotated-files.ts";

const pollMs = 200;
/** A last line without its end is handed over as it is when the file has not grown for so long. */
const unfinishedForMs = 5_000;
/** After a rotation the writer may still write to the old file; it is left when it was quiet for so long. */
const lingerMs = 1_000;

export interface FileFollowerOptions {
  readonly path: string;
  readonly from: "start" | "end";
  readonly feed: LineFeedOptions;
  readonly log: Log;
  /** Called with whether the file can be read, when that changes. */
  readonly onReadable: (readable: boolean) => void;
  /** Called when an earlier run's position can't be found again. */
  readonly onLost: () => void;
}

/** Reads a file as it grows, over rotations (by renaming, or by copying and cutting) and restarts. */
export class FileFollower {
  readonly #options: FileFollowerOptions;
  readonly #stopping = new AbortController();
  #readable: boolean | undefined;
  #file: FollowedFile | undefined;
  /** Bytes of files before the next one to open. */
  #base = 0;

  constructor(options: FileFollowerOptions) {
    this.#options = options;
  }

  /** Follows until `stop`; rejects only on a bug. */
  async run(): Promise<void> {
    await this.#open();
    while (this.#going) {
      if (this.#file) await this.#follow(this.#file);
      if (this.#going) await this.#openNew();
    }
    await this.#file?.close();
  }

  stop(): void {
    this.#stopping.abort();
  }

  get #going(): boolean {
    return !this.#stopping.signal.aborted;
  }

  /** Opens what an earlier run had not finished, or the file where `from` says. */
  async #open(): Promise<void> {
    const { path, from, feed, log, onLost } = this.#options;
    const position = parseFilePosition(feed.io.resumeAt(feed.partition));
    if (!position) {
      const handle = await this.#tryOpen(path);
      // A file that comes only later is new: all of it is read.
      if (!handle) return;
      this.#file = await FollowedFile.of(handle, { base: 0, offset: from === "end" ? "end" : 0, feed });
      await this.#file.mark(); // or lines written while we are away would count as before our time
      return;
    }
    const { before, offset, lost } = await findRotated(path, position);
    this.#base = position.base;
    if (lost) {
      this.#base += position.offset;
      log.warn(
        { source: feed.source, path },
        "the file read last is gone; reading the one that is there from its start",
      );
      onLost();
    }
    for (const rotated of before) {
      const handle = await this.#tryOpen(rotated.path);
      if (!handle || !this.#going) continue;
      const file = await FollowedFile.of(handle, { base: this.#base, offset: rotated.offset, feed });
      while (this.#going && (await file.readOn()) > 0);
      await this.#leave(file);
    }
    const handle = this.#going ? await this.#tryOpen(path) : undefined;
    if (handle) this.#file = await FollowedFile.of(handle, { base: this.#base, offset, feed });
  }

  /** Reads on until the file at the path is another one, and this one is quiet. */
  async #follow(file: FollowedFile): Promise<void> {
    const { clock } = this.#options.feed;
    let grew = clock.monotonic();
    while (this.#going) {
      if (await file.wasCut()) return await this.#leave(file);
      if ((await file.readOn()) > 0) {
        while (this.#going && (await file.readOn()) > 0);
        grew = clock.monotonic();
      }
      const quietMs = clock.monotonic() - grew;
      if (quietMs >= lingerMs && (await this.#isReplaced(file))) {
        while (this.#going && (await file.readOn()) > 0);
        return await this.#leave(file);
      }
      if (quietMs >= unfinishedForMs && file.hasUnfinishedLine) await file.flush();
      await sleep(clock, pollMs, this.#stopping.signal);
    }
  }

  /** Waits for a file at the path, and opens it at its start. */
  async #openNew(): Promise<void> {
    const { path, feed } = this.#options;
    while (this.#going && !this.#file) {
      const handle = await this.#tryOpen(path);
      if (handle) this.#file = await FollowedFile.of(handle, { base: this.#base, offset: 0, feed });
      else await sleep(feed.clock, pollMs, this.#stopping.signal);
    }
  }

  async #leave(file: FollowedFile): Promise<void> {
    if (this.#going) await file.flush();
    this.#base = file.done;
    await file.close();
    this.#file = undefined;
  }

  /** Whether another file is at the path now; while there is none, the old one is still followed. */
  async #isReplaced(file: FollowedFile): Promise<boolean> {
    try {
      return (await stat(this.#options.path)).ino !== file.inode;
    } catch {
      return false; // between renaming and making a new one; a file that stays away falls silent
    }
  }

  async #tryOpen(path: string) {
    try {
      const handle = await openIfThere(path);
      if (path === this.#options.path) this.#tell(handle !== undefined);
      return handle;
    } catch (error) {
      this.#options.log.debug({ source: this.#options.feed.source, path, error: String(error) }, "can't open the file");
      this.#tell(false);
      return undefined;
    }
  }

  #tell(readable: boolean): void {
    if (this.#readable === readable) return;
    this.#readable = readable;
    this.#options.onReadable(readable);
  }
}
