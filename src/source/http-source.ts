import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { Gate } from "./gate.ts";
import { LineFeed } from "./line-feed.ts";
import { type BodyHeaders, type BodyRecords, type BodyRefusal, readBody } from "./log-body.ts";
import { type OtlpAnswer, otlpAnswer, type OtlpEncoding } from "./otlp-request.ts";
import type { Position, Source, SourceIo } from "./raw-batch.ts";
import type { HttpSourceConfig } from "./source-config.ts";
import { Spool, type SpoolPosition } from "./spool.ts";
import { longestLine, recordOfLine } from "./spooled-line.ts";

/** What `POST /v1/logs` answers. */
export interface AcceptAnswer {
  readonly status: 200 | 202 | 400 | 413 | 415 | 429;
  readonly body: {
    /** Lines that are safe on disk now, and will be handled. */
    readonly accepted: number;
    /** Lines that were refused, by reason in `reasons`; sending them again changes nothing. */
    readonly rejected: number;
    readonly reasons?: Readonly<Record<string, number>>;
    readonly error?: string;
    /** With 429: nothing was taken; send all of it again after so long. */
    readonly retryAfterSeconds?: number;
  };
  /** To an OTLP request: the answer in its own terms, to be sent in place of `body`. */
  readonly otlp?: OtlpAnswer;
}

/** About as long as it takes to save what was handled, which makes room. */
const retryAfterSeconds = 5;

/** Takes log lines over HTTP. They are on disk before they are acknowledged, and are read from there. */
export class HttpSource implements Source {
  readonly name: string;
  readonly #config: HttpSourceConfig;
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: ReturnType<typeof httpSourceMetrics>;
  readonly #partition: string;
  readonly #gate = new Gate();
  readonly #stopping = new AbortController();
  #spool: Spool | undefined;
  #io: SourceIo | undefined;
  #diskRefuses = false;
  #running: Promise<void> = Promise.resolve();

  /** The spool is `spool/NAME` in the data directory. */
  constructor(options: { config: HttpSourceConfig; dataDirectory: string; clock: Clock; log: Log; metrics: Metrics }) {
    this.name = options.config.name;
    this.#config = options.config;
    this.#directory = join(options.dataDirectory, "spool", options.config.name);
    this.#clock = options.clock;
    this.#log = options.log;
    this.#metrics = httpSourceMetrics(options.metrics, this.name, () => this.#spool?.bytes ?? 0);
    this.#partition = `${this.name}:spool`;
  }

  async start(io: SourceIo): Promise<void> {
    const spool = await Spool.open({ directory: this.#directory, maxBytes: this.#config.spoolBytes });
    this.#spool = spool;
    this.#io = io;
    io.assigned([this.#partition]);
    const saved = parseSpoolPosition(io.resumeAt(this.#partition));
    const from = saved && spool.has(saved) ? saved : spool.start;
    this.#running = this.#read(spool, from, io).catch((error: unknown) => {
      this.#log.error({ source: this.name, error: String(error) }, "the spool can't be read");
      io.trouble(this.name, "failed");
    });
  }

  /** Takes one request's body; the handler behind `POST /v1/logs`. Never rejects. */
  async accept(body: Buffer, headers: BodyHeaders): Promise<AcceptAnswer> {
    const { maxBodyBytes, maxRecordBytes } = this.#config;
    const read = await readBody(body, { headers, maxBodyBytes, maxRecordBytes });
    const answer = await this.#keep(read);
    this.#metrics.answered(answer);
    return read.otlp ? inOtlp(answer, read.otlp) : answer;
  }

  async saved(positions: ReadonlyMap<string, Position>): Promise<void> {
    const position = parseSpoolPosition(positions.get(this.#partition));
    if (position) await this.#spool?.release(position);
  }

  pause(): void {
    this.#gate.close();
  }

  resume(): void {
    this.#gate.open();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#gate.open();
    await this.#running;
  }

  async close(): Promise<void> {
    const spool = this.#spool;
    this.#spool = undefined;
    await spool?.close();
  }

  async #keep(read: BodyRecords | BodyRefusal): Promise<AcceptAnswer> {
    if ("status" in read) return { status: read.status, body: { accepted: 0, rejected: 0, error: read.error } };
    const outcome = this.#stopping.signal.aborted ? "stopping" : await this.#spool?.append(read.parts);
    this.#tellOfDisk(outcome);
    if (outcome !== "kept") {
      const error = busy[outcome ?? "stopping"];
      return { status: 429, body: { accepted: 0, rejected: 0, error, retryAfterSeconds } };
    }
    const rejected = Object.values(read.reasons).reduce((a, b) => a + b, 0);
    return { status: read.otlp ? 200 : 202, body: { accepted: read.accepted, rejected, reasons: read.reasons } };
  }

  #tellOfDisk(outcome: string | undefined): void {
    if (outcome === (this.#diskRefuses ? "kept" : "failed")) {
      this.#diskRefuses = !this.#diskRefuses;
      this.#io?.trouble(this.name, this.#diskRefuses ? "disk_refuses" : undefined);
    }
  }

  async #read(spool: Spool, from: SpoolPosition, io: SourceIo): Promise<void> {
    let segment: number | undefined;
    let feed: LineFeed | undefined;
    for await (const chunk of spool.read(from, this.#stopping.signal)) {
      // A segment ends with a whole line, so nothing is left over in the feed before.
      if (!feed || chunk.segment !== segment) {
        const base = chunk.segment;
        segment = base;
        feed = new LineFeed({
          source: this.name,
          partition: this.#partition,
          // What is longer than its own bound was refused before it was spooled.
          maxRecordBytes: longestLine(Math.max(this.#config.maxRecordBytes, this.#config.maxBodyBytes)),
          recordOf: recordOfLine,
          io,
          clock: this.#clock,
          gate: this.#gate,
          start: base + chunk.offset,
          position: (at) => ({ segment: base, offset: at - base }),
        });
      }
      await feed.push(chunk.bytes);
    }
    await feed?.settled();
  }
}

// helpers

const busy = {
  full: "more lines wait than may; nothing was taken",
  failed: "the lines could not be written to disk; nothing was taken",
  stopping: "the service is starting or stopping; nothing was taken",
} as const;

function inOtlp(answer: AcceptAnswer, encoding: OtlpEncoding): AcceptAnswer {
  const { rejected, error = "the request has more log records than are taken; make the sender's batches smaller" } =
    answer.body;
  return { ...answer, otlp: otlpAnswer(encoding, { rejected, error, refused: answer.status !== 200 }) };
}

function parseSpoolPosition(position: Position | undefined): SpoolPosition | undefined {
  if (typeof position !== "object") return undefined;
  const { segment, offset } = position;
  return typeof segment === "number" && typeof offset === "number" ? { segment, offset } : undefined;
}

function httpSourceMetrics(metrics: Metrics, source: string, spoolBytes: () => number) {
  const requests = metrics.counter("gatewatch_source_http_requests_total", "Requests to POST /v1/logs by status", [
    "source",
    "status",
  ]);
  const rejected = metrics.counter("gatewatch_source_http_rejected_records_total", "Records refused in requests", [
    "source",
    "reason",
  ]);
  const spool = metrics.gauge("gatewatch_source_spool_bytes", "Bytes of accepted lines on disk", ["source"]);
  return {
    answered({ status, body }: AcceptAnswer) {
      requests.inc({ source, status: String(status) });
      for (const [reason, count] of Object.entries(body.reasons ?? {})) rejected.inc({ source, reason }, count);
      spool.set({ source }, spoolBytes());
    },
  };
}
