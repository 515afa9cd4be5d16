import { glob, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { FileFollower } from "./file-follower.ts";
import { Gate } from "./gate.ts";
import type { LineFeedOptions } from "./line-feed.ts";
import type { Source, SourceIo } from "./raw-batch.ts";
import type { FileSourceConfig } from "./source-config.ts";
import { readWholeFile } from "./whole-file.ts";

/** Reads a log file: follows one as it grows, or reads all that a glob matches once, oldest first. */
export class FileSource implements Source {
  readonly name: string;
  readonly #config: FileSourceConfig;
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lost: () => void;
  readonly #unreadable: () => void;
  readonly #stopping = new AbortController();
  /** Files are read one at a time, so one gate is enough. */
  readonly #gate = new Gate();
  #follower: FileFollower | undefined;
  #running: Promise<void> = Promise.resolve();

  /** A relative path in the configuration is relative to `directory`. */
  constructor(options: { config: FileSourceConfig; directory: string; clock: Clock; log: Log; metrics: Metrics }) {
    const { config, metrics } = options;
    this.name = config.name;
    this.#config = config;
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#log = options.log;
    const lost = metrics.counter(
      "gatewatch_source_positions_lost_total",
      "Partitions whose saved position could not be found again",
      ["source"],
    );
    const unreadable = metrics.counter("gatewatch_source_unreadable_files_total", "Files that could not be read", [
      "source",
    ]);
    this.#lost = () => lost.inc({ source: this.name });
    this.#unreadable = () => unreadable.inc({ source: this.name });
  }

  async start(io: SourceIo): Promise<void> {
    if (this.#config.follow) this.#running = this.#follow(io);
    else this.#running = this.#readAll(io, await this.#matches());
  }

  /** Nothing to do: positions are kept by whoever saves them. */
  saved(): Promise<void> {
    return Promise.resolve();
  }

  pause(): void {
    this.#gate.close();
  }

  resume(): void {
    this.#gate.open();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#follower?.stop();
    this.#gate.open();
    await this.#running;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #follow(io: SourceIo): Promise<void> {
    const path = resolve(this.#directory, this.#config.path);
    const feed = this.#feed(io, path);
    io.assigned([feed.partition]);
    let inTrouble = false;
    this.#follower = new FileFollower({
      path,
      from: this.#config.from,
      feed,
      log: this.#log,
      onLost: this.#lost,
      onReadable: (readable) => {
        if (!readable || inTrouble) io.trouble(this.name, readable ? undefined : "file_unreadable");
        inTrouble = !readable;
      },
    });
    return this.#follower.run().catch((error: unknown) => {
      this.#unreadable();
      this.#log.error({ source: this.name, path, error: String(error) }, "following a file has ended");
      io.trouble(this.name, "failed");
    });
  }

  async #readAll(io: SourceIo, paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      if (this.#stopping.signal.aborted) return;
      const feed = this.#feed(io, path);
      // One after the other: files that wait must not hold back the time of the one that is read.
      io.assigned([feed.partition]);
      try {
        await readWholeFile({ path, feed, signal: this.#stopping.signal });
      } catch (error) {
        this.#unreadable();
        this.#log.warn({ source: this.name, path, error: String(error) }, "a file can't be read");
        io.trouble(this.name, "file_unreadable");
      }
      if (!this.#stopping.signal.aborted) io.ended(feed.partition);
    }
    if (!this.#stopping.signal.aborted) io.finished(this.name);
  }

  #feed(io: SourceIo, path: string): LineFeedOptions {
    return {
      source: this.name,
      partition: `${this.name}:${path}`,
      maxRecordBytes: this.#config.maxRecordBytes,
      io,
      clock: this.#clock,
      gate: this.#gate,
    };
  }

  /** The files that the configured path or glob names, oldest first. */
  async #matches(): Promise<string[]> {
    const found: { path: string; mtimeMs: number }[] = [];
    for await (const match of glob(resolve(this.#directory, this.#config.path))) {
      const about = await stat(match);
      if (about.isFile()) found.push({ path: match, mtimeMs: about.mtimeMs });
    }
    if (found.length === 0) {
      throw new GatewatchError("SOURCE_FAILED", `source ${this.name}: no file matches ${this.#config.path}`, {
        remedy: "Name a file that is there, or set `follow: true` to wait for it.",
      });
    }
    return found.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1)).map(({ path }) => path);
  }
}
