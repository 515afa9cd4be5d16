/** Where a gateway sends its requests: to the test's own upstream, and for `/v1/down` to where nobody listens. */
export interface Upstreams {
  readonly up: number;
  readonly down: number;
}

export interface RunningGateway {
  /** On 127.0.0.1 and on ::1. */
  readonly port: number;
  /** Stops it as its operators would, and gives what it had logged, by the log's name. */
  stop(): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** A gateway that really runs, configured to log as `docs/formats.md` says. */
export interface Gateway {
  readonly name: string;
  /** The logs that it writes of the same requests. */
  readonly logs: readonly string[];
  /** Finds or fetches the program; says why it can't be had, and throws in CI. */
  missing(): Promise<string | undefined>;
  start(upstreams: Upstreams): Promise<RunningGateway>;
}
