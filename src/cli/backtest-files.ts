import { ReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { RecordInput } from "./backtest-input.ts";
import type { BacktestOptions } from "./backtest-options.ts";
import type { CliContext } from "./cli-context.ts";
import { readLogs } from "./read-logs.ts";
import { findLogs } from "./try-files.ts";

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
    isCut: false,
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
