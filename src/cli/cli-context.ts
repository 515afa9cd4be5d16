import type { Readable, Writable } from "node:stream";
import type { Logger } from "pino";
import type { InstanceRole } from "../cluster/instance-role.ts";
import type { Clock } from "../clock.ts";
import type { Config, Environment } from "../config.ts";
import type { createLog } from "../log.ts";

/** A running service, as the process sees it. */
export interface RunningService {
  /** Drains and closes everything; resolves when that is done. */
  stop(reason: string): Promise<void>;
  /** Resolves when there is nothing left to read (files and standard input ended); rejects when it can't go on. */
  readonly ended: Promise<void>;
  /** Of one of several: resolves with the reason when another one has taken over. It is to be stopped, and started anew. */
  readonly lost?: Promise<string>;
  /** Reads configuration, detectors and runbooks anew. */
  reload(): Promise<void>;
}

export interface StartAppOptions {
  readonly config: Config;
  readonly configFile: string;
  /** `all` unless given. */
  readonly role?: InstanceRole;
  /** For reading the configuration anew. */
  readonly env: Environment;
  readonly log: Logger;
  readonly clock: Clock;
}

export interface TryOptions {
  readonly files: readonly string[];
  /** A format's name, or `auto`. */
  readonly format: string;
  /** The zone of times that are logged without one; UTC unless given. */
  readonly timeZone?: string | undefined;
  /** Its formats, endpoints, proxies and detectors' settings count, if it is given. */
  readonly configFile: string | undefined;
  readonly json: boolean;
}

/** What commands may touch; `main.ts` hands in the real things, tests their own. */
export interface CliContext {
  readonly env: Environment;
  readonly clock: Clock;
  /** Opened when it is asked for. */
  readonly stdin: () => Readable;
  /** Each writes text as it is. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Standard output as a stream, for what is more than text on a screen and has to wait for its reader. */
  readonly output: () => Writable;
  /** A person watches: something may be shown that is soon wiped away. */
  readonly stderrIsTerminal: boolean;
  /** Signals and crashes arrive here: the process. */
  readonly signals: NodeJS.EventEmitter;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  readonly fetch: typeof fetch;
  readonly createLog: typeof createLog;
  readonly startApp: (options: StartAppOptions) => Promise<RunningService>;
  readonly runTry: (options: TryOptions, context: CliContext) => Promise<number>;
}
