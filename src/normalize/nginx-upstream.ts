import type { RejectReason } from "./access-event.ts";
import type { Draft } from "./draft.ts";

/**
 * Reads nginx's `$upstream_status` and `$upstream_response_time`, which are lists after retries:
 * `"502, 200"`, `"0.001, 0.120 : 0.030"`. No upstream status means that nginx answered by itself; a
 * 503 then is its limiter's. 502 and 504 stand there also for a server that nobody reached, so who
 * wrote those can't be told; nor can it where the log has no such key.
 */
export function readUpstream(status: unknown, seconds: unknown, draft: Draft): RejectReason | undefined {
  if (typeof status === "string" || typeof status === "number") {
    const upstream = status !== "" && status !== "-";
    draft.answeredBy = !upstream ? "gateway" : isOfNobody(status) ? "unknown" : "upstream";
    draft.limited = !upstream && draft.status === 503;
  }
  if (typeof seconds === "string" && seconds.length > 8 && /[,:]/.test(seconds)) {
    const total = sumOfList(seconds);
    return draft.upstreamTook(total, 1000, "upstream_response_time");
  }
  return draft.upstreamTook(seconds, 1000, "upstream_response_time");
}

// helpers

/** The last of the list is the answer; the others were tried before it. */
function isOfNobody(status: string | number): boolean {
  if (typeof status === "number") return status === 502 || status === 504;
  return status.endsWith("502") || status.endsWith("504");
}

/** The parts of a list added up; a server that was not reached has `-`. */
function sumOfList(list: string): number {
  let total = 0;
  for (const part of list.split(/[,:]/, 64)) {
    const text = part.trim();
    if (text !== "-" && text !== "") total += Number(text);
  }
  return total;
}
