/** One line that somebody else's tests read, and what they say it holds; what they don't say is absent. */
export interface ParserCase {
  /** Whose tests, of what: `CrowdSec nginx`. */
  readonly suite: string;
  /** Where it stands: `nginx_http-logs line 3`. */
  readonly name: string;
  readonly line: string;
  /** `undefined`: the line is no access record (an error log, a handshake that failed), and has to be rejected. */
  readonly expected: ExpectedRecord | undefined;
}

export interface ExpectedRecord {
  readonly client?: string | undefined;
  readonly method?: string | undefined;
  /** May carry the query, and the host. */
  readonly path?: string | undefined;
  readonly status?: number | undefined;
  /** Epoch ms. */
  readonly time?: number | undefined;
}
