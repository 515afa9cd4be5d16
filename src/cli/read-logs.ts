import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import { silentLog, type Log } from "../log.ts";
import { formatNames } from "../normalize/format-list.ts";
import { isTimeZone } from "../source/source-config.ts";
import { StdinSource } from "../source/stdin-source.ts";
import type { LogReader } from "./log-reader.ts";
import type { LogFile } from "./try-files.ts";

/** Reads all logs to their ends, side by side. `brokenOff` is told which ended early, and why. */
export async function readLogs(
  logs: readonly LogFile[],
  options: {
    readonly to: LogReader;
    readonly brokenOff: Map<string, string>;
    readonly clock: Clock;
    /** Longer lines are refused. */
    readonly maxRecordBytes?: number;
  },
): Promise<void> {
  const { to, brokenOff, clock, maxRecordBytes = defaultMaxRecordBytes } = options;
  const log: Log = {
    ...silentLog,
    warn: ({ source, error }: { source: string; error: string }) =>
      void brokenOff.set(source, error.replace(/^\w*Error: /, "")),
  };
  const sources = logs.map(({ name, open }) => {
    const config = {
      name,
      type: "stdin",
      format: "auto",
      gateway: name,
      timeZone: "UTC",
      trustClientIp: false,
      maxRecordBytes,
      silentAfter: "never",
    } as const;
    return new StdinSource({ config, stream: open(), clock, log });
  });
  await Promise.all(sources.map((source) => source.start(to)));
  try {
    await to.done;
  } finally {
    // After a failure nobody takes what is still to be read; what waits is let go with the process.
    for (const source of sources) void source.stop();
  }
}

/** Throws `CONFIG_INVALID` when there is no such zone. */
export function checkTimeZone(timeZone: string | undefined): void {
  if (timeZone === undefined || isTimeZone(timeZone)) return;
  throw new GatewatchError("CONFIG_INVALID", `There is no time zone ${timeZone}.`, {
    remedy: "Give a name of the IANA database (Europe/Berlin), or an offset (+02:00).",
  });
}

/** Throws `CONFIG_INVALID` when there is no such format, neither built in nor in the configuration. */
export function checkFormat(format: string, config: Config): void {
  const known = [...formatNames, ...Object.keys(config.formats)];
  if (known.includes(format)) return;
  throw new GatewatchError("CONFIG_INVALID", `There is no format ${format}.`, {
    remedy: `Known: ${known.join(", ")}.`,
  });
}

/** What to say when not one line of all logs became an event. */
export function nothingUnderstood(rejected: number): GatewatchError {
  return new GatewatchError("LOGS_UNREADABLE", "Not one line was understood.", {
    remedy:
      rejected === 0
        ? "There is nothing in it. Name a log with lines in it."
        : "Name the format with --format, or map the fields of your own JSON under `formats:` in a configuration and give that with --config; docs/formats.md lists all formats.",
  });
}

// helpers

/** As for a source without a setting of its own. */
const defaultMaxRecordBytes = 1024 ** 2;
