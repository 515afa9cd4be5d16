import { ReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { SourceOptions } from "../normalize/source-state.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import type { BacktestOptions } from "./backtest-options.ts";
import type { CliContext } from "./cli-context.ts";
import type { LogReader } from "./log-reader.ts";
import { readLogs } from "./read-logs.ts";
import { findLogs } from "./try-files.ts";

/** How much is to be read; `unit` as a progress bar shows it. */
interface Amount {
  readonly total: number;
  readonly unit: string;
  readonly done: () => number;
}

interface Input {
  /** What is read, for people. */
  readonly label: string;
  /** `undefined` where that can't be told before its end. */
  readonly amount: Amount | undefined;
  /** What was read only in part, and why. */
  readonly brokenOff: ReadonlyMap<string, string>;
}

/** Records that are still to be understood. */
export interface RecordInput extends Input {
  readonly kind: "records";
  readonly sources: ReadonlyMap<string, SourceOptions>;
  read(to: LogReader): Promise<void>;
}

/** Events as they were understood at the time, in order of time. */
export interface EventInput extends Input {
  readonly kind: "events";
  read(take: (events: readonly AccessEvent[]) => void): Promise<void>;
}

export type BacktestInput = RecordInput | EventInput;

const megabyte = 1_000_000;

/** Files and standard input. Throws `LOGS_UNREADABLE` with everything that is wrong with them. */
export async function fileInput(
  { files, format, timeZone = "UTC" }: Pick<BacktestOptions, "files" | "format" | "timeZone">,
  { stdin, clock }: Pick<CliContext, "stdin" | "clock">,
): Promise<RecordInput> {
  const opened: Readable[] = [];
  const logs = (await findLogs(files, stdin)).map((log) => ({
    ...log,
    open() {
      const stream = log.open();
      opened.push(stream);
      return stream;
    },
  }));
  const bytes = logs.every((log) => log.bytes !== undefined) ? logs.reduce((sum, log) => sum + log.bytes!, 0) : 0;
  const done = () => opened.reduce((sum, stream) => sum + (stream instanceof ReadStream ? stream.bytesRead : 0), 0);
  const brokenOff = new Map<string, string>();
  return {
    kind: "records",
    label: files.length === 1 ? files[0]! : `${files.length} logs`,
    amount:
      bytes === 0
        ? undefined
        : { total: Math.ceil(bytes / megabyte), unit: " MB", done: () => Math.floor(done() / megabyte) },
    sources: new Map(logs.map(({ name }) => [name, { gateway: name, format, timeZone }])),
    brokenOff,
    read: (to) => readLogs(logs, { to, brokenOff, clock }),
  };
}
