import { pino, type Logger } from "pino";

/** The logger every part takes: one line for a decision, never for an event, never a raw log line. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

/** JSON lines on standard error (standard output belongs to commands). */
export function createLog(options: { level: string; name: string }): Logger {
  return pino(
    { level: options.level, base: { service: options.name }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: false, minLength: 0 }),
  );
}

/** Says nothing; for tests and one-off commands. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
