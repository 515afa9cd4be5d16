import type { Draft } from "./draft.ts";

/** What HAProxy noted of how an answer came about. */
export interface HaproxyAnswer {
  /** `<NOSRV>` where no server was asked, `<STATS>` and the like where HAProxy serves by itself. */
  readonly server: string | undefined;
  /** The termination state: what ended it, when, and two characters about cookies. */
  readonly state: string | undefined;
  /** The server began to answer. */
  readonly hasResponse: boolean;
}

/** What ended it, as the state's first character says, where HAProxy itself did: denied, answered, out of resources, killed. */
const endedByHaproxy = "PLRIDUK";

/**
 * Who answered, and whether a rule refused. A denied request gets 403 unless the rule says
 * otherwise, and one that was held up (tarpit) gets 500: from 500 up such an answer is a limiter's,
 * since no outage looks like that.
 */
export function judgeHaproxyAnswer(draft: Draft, { server, state, hasResponse }: HaproxyAnswer): void {
  const cause = state?.[0];
  const isServed = server !== undefined && server.startsWith("<");
  // What HAProxy serves by itself has timers like those of a server.
  if (isServed) draft.upstreamMs = undefined;
  if (isServed || (cause !== undefined && endedByHaproxy.includes(cause))) draft.answeredBy = "gateway";
  else if (hasResponse) draft.answeredBy = "upstream";
  else if (draft.status > 0) draft.answeredBy = "gateway";
  const isDenied = cause === "P" && (state?.[1] === "R" || state?.[1] === "T");
  draft.limited = isDenied && draft.status >= 500;
}

/** A status as HAProxy logs it: -1 where no answer was begun. */
export function haproxyStatus(value: unknown): unknown {
  return value === -1 || value === "-1" ? 0 : value;
}
