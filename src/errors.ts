/** What a process can end with; `docs/errors.md` lists each, and a test holds the two together. */
export const errorCodes = {
  CONFIG_INVALID: { exit: 2, title: "The configuration is not valid" },
  CONFIG_NOT_FOUND: { exit: 2, title: "The configuration file can't be read" },
  DETECTOR_INVALID: { exit: 2, title: "A detector file is not valid" },
  RUNBOOK_INVALID: { exit: 2, title: "A runbook file is not valid" },
  LISTEN_REFUSED: { exit: 2, title: "The address to listen on is not allowed or not free" },
  STORE_UNAVAILABLE: { exit: 3, title: "The store can't be reached" },
  STORE_IN_USE: { exit: 3, title: "Another process uses the embedded store" },
  STORE_NOT_INSTALLED: { exit: 3, title: "The embedded store is not installed" },
  STORE_MIGRATION: { exit: 3, title: "The store's tables don't fit this version" },
  STATE_IN_USE: { exit: 3, title: "Another process uses the data directory" },
  CLUSTER_TOPICS: { exit: 4, title: "Topics of the cluster are not as they have to be" },
  SOURCE_FAILED: { exit: 4, title: "A source can't be read" },
  GEO_INVALID: { exit: 2, title: "A geo database is not valid" },
  LOGS_UNREADABLE: { exit: 2, title: "The logs can't be read" },
  OPENAPI_INVALID: { exit: 2, title: "The OpenAPI document can't be read" },
  COMMAND_FAILED: { exit: 1, title: "The command failed" },
} as const satisfies Record<string, { exit: number; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** One thing that is wrong in a file a person wrote: where, what was expected, and how to mend it. */
export interface Problem {
  /** The file, as the person named it. */
  readonly file: string;
  /** The path inside it (`sources[0].brokers`), or a line (`line 12`). */
  readonly path: string;
  readonly message: string;
  /** The line it is on, from 1, where that is known. */
  readonly line?: number;
  /** A correct value, as it would be written. */
  readonly example?: string;
}

/**
 * An error a person has to mend. `message` says what and where, `remedy` how. Thrown at process
 * edges only; expected outcomes inside are values.
 */
export class GatewatchError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { remedy?: string; problems?: readonly Problem[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "GatewatchError";
    this.code = code;
    this.remedy = options.remedy;
    this.problems = options.problems ?? [];
  }

  get exitCode(): number {
    return errorCodes[this.code].exit;
  }
}
