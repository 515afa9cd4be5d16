import type { Readable } from "node:stream";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { Gate } from "./gate.ts";
import { inflated } from "./inflate.ts";
import { LineFeed } from "./line-feed.ts";
import type { Source, SourceIo } from "./raw-batch.ts";
import type { StdinSourceConfig } from "./source-config.ts";

/** Reads a stream of lines, plain or gzip, to its end. What was read can't be read again. */
export class StdinSource implements Source {
  readonly name: string;
  readonly #config: StdinSourceConfig;
  readonly #stream: Readable;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #gate = new Gate();
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: { config: StdinSourceConfig; stream: Readable; clock: Clock; log: Log }) {
    this.name = options.config.name;
    this.#config = options.config;
    this.#stream = options.stream;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  start(io: SourceIo): Promise<void> {
    const partition = `${this.name}:stdin`;
    io.assigned([partition]);
    // Offsets go on where an earlier run ended, so that they ascend over restarts.
    const earlier = io.resumeAt(partition);
    const feed = new LineFeed({
      source: this.name,
      partition,
      maxRecordBytes: this.#config.maxRecordBytes,
      io,
      clock: this.#clock,
      gate: this.#gate,
      start: typeof earlier === "number" ? earlier : 0,
      position: (offset) => offset,
    });
    this.#running = this.#read(feed).then(() => {
      if (this.#stopped) return;
      io.ended(partition);
      io.finished(this.name);
    });
    return Promise.resolve();
  }

  /** Nothing to do: a stream has no positions to commit. */
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
    this.#stopped = true;
    this.#stream.destroy();
    this.#gate.open();
    await this.#running;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #read(feed: LineFeed): Promise<void> {
    try {
      for await (const chunk of inflated(this.#stream as AsyncIterable<Buffer>)) {
        await feed.push(chunk);
        if (this.#stopped) return await feed.settled();
      }
      await feed.flush();
    } catch (error) {
      if (this.#stopped) return await feed.settled();
      this.#log.warn({ source: this.name, error: String(error) }, "standard input can't be read further");
      await feed.flush();
      await feed.refuseRest();
    }
  }
}
