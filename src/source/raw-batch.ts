/** Where reading continues, in the source's own terms; JSON, and opaque to everyone else. */
export type Position = string | number | Readonly<Record<string, string | number>>;

/** Records from one partition, in its order; nobody has looked inside yet. */
export interface RawBatch {
  /** The source's name in the configuration. */
  readonly source: string;
  /** Unique over all sources and stable over restarts: `edge:access-logs/3`, `file:/var/log/…`. */
  readonly partition: string;
  /** Text; bytes where the record is none (OTLP protobuf). Inflated, if it was gzip. */
  readonly records: readonly (string | Uint8Array)[];
  /** Of each record: a number that ascends in its partition (Kafka offset, byte offset). */
  readonly offsets: readonly number[];
  /** Of each record: when the transport took it, epoch ms; absent where it doesn't say. */
  readonly timestamps?: readonly number[];
  /** Records the source had to refuse before reading them whole. Counted, never lost silently. */
  readonly refused: readonly RefusedRecord[];
  /** Where to continue once this batch is handled. */
  readonly next: Position;
  /** When the batch arrived here, epoch ms. */
  readonly receivedAt: number;
}

/** So many log entries are read from one record; shippers put at most about eight thousand in one. */
export const maxEntries = 10_000;

export interface RefusedRecord {
  readonly offset: number;
  readonly reason: "too_long" | "undecodable";
  /** Its first characters. */
  readonly head: string;
}

/** What a source calls; implemented by the pipeline. */
export interface SourceIo {
  /**
   * Takes partitions over before it is asked where they begin: by then nobody else can move that any more.
   * Only where several processes may read the same ones.
   */
  claim?(partitions: readonly string[]): Promise<void>;
  /** Takes one batch through the pipeline; resolves when it is handled (this is the back-pressure). */
  handle(batch: RawBatch): Promise<void>;
  /** The source now owns these partitions, which may be none, and may be silent on them. Called before their first batch. */
  assigned(partitions: readonly string[]): void;
  /** The source no longer owns them, or not for now; resolves when whoever is next may have them. */
  revoked(partitions: readonly string[]): Promise<void>;
  /** Where an earlier run had got to; `undefined` on a first start. */
  resumeAt(partition: string): Position | undefined;
  /** The partition has ended for good (a file read once, standard input closed). */
  ended(partition: string): void;
  /** The source has read everything it ever will. */
  finished(source: string): void;
  /** The source can't go on by itself for now (`reason` is from a small fixed set), or is back (`undefined`). */
  trouble(source: string, reason: string | undefined): void;
}

/** One way for log lines to arrive. Constructed by `app.ts`; talks to the pipeline through `SourceIo`. */
export interface Source {
  readonly name: string;
  /** Begins to read; resolves once reading has begun, rejects when it can't begin at all. */
  start(io: SourceIo): Promise<void>;
  /** What was handled up to these positions is saved: offsets may be committed, spools cut. */
  saved(positions: ReadonlyMap<string, Position>): Promise<void>;
  /** Stops (or goes on) reading one partition, which is too far ahead of the others. */
  pause?(partition: string): void;
  resume?(partition: string): void;
  /** Records of a partition that wait beyond those handed over; `undefined` while it can't be told. */
  behind?(partition: string): number | undefined;
  /** Stops reading; resolves when no `handle` call is under way or will follow. */
  stop(): Promise<void>;
  /** Releases connections. `saved` may be called between `stop` and `close`. */
  close(): Promise<void>;
}
