import type { Draft } from "../draft.ts";
import type { TextFormat } from "../log-format.ts";
import { readRfc3339 } from "../read-time.ts";
import { decimalOf, textOf } from "../read-value.ts";
import { urlHost } from "../url-host.ts";

/**
 * Access logs of AWS Application Load Balancers, and of Classic Load Balancers, whose lines are the
 * same without the type in front and end after the TLS protocol.
 *
 * Traps: `time` is when the answer ended; of a Classic Load Balancer, when the request came. A time of
 * -1 means that a step never happened. The client always has a port, an IPv6 address perhaps no
 * brackets. The URL is whole, with the listener's port. `-` as a status: none was sent. The target's
 * status is `-` where the balancer answered by itself. 460: the client went away. Whatever AWS adds
 * comes at the end, and is not read.
 */
export const awsAlb: TextFormat = {
  id: "aws-alb",
  title: "AWS Application Load Balancer",
  kind: "text",
  keys: {
    type: [],
    time: ["time", "startedAt"],
    "client:port": "clientIp",
    "target:port": "answeredBy",
    request_processing_time: "durationMs",
    target_processing_time: ["upstreamMs", "durationMs"],
    response_processing_time: "durationMs",
    elb_status_code: "status",
    target_status_code: "answeredBy",
    received_bytes: "requestBytes",
    sent_bytes: "responseBytes",
    request: ["method", "path", "host"],
    user_agent: "userAgent",
    trace_id: "requestId",
    request_creation_time: "durationMs",
    actions_executed: "outcome",
  },

  matches(sample) {
    const start = headStart(sample);
    if (start < 0) return 0;
    const parts = words(sample, start);
    return parts === undefined || Number.isNaN(readRfc3339(parts[0])) || !parts[2].includes(":") ? 0 : 0.95;
  },

  read(line, draft) {
    const start = headStart(line);
    const parts = start < 0 ? undefined : words(line, start);
    const requestEnd = parts === undefined ? -1 : closingQuote(line, parts.end + 1);
    if (parts === undefined || requestEnd < 0) {
      return draft.reject(
        "unknown_format",
        'expected TYPE TIME ELB CLIENT:PORT TARGET:PORT … "REQUEST" "USER AGENT" …',
      );
    }
    const request = line.slice(parts.end + 1, requestEnd);
    const firstSpace = request.indexOf(" ");
    const lastSpace = request.lastIndexOf(" ");
    const url = request.slice(firstSpace + 1, lastSpace > firstSpace ? lastSpace : undefined);
    const rest = tail(line, requestEnd + 1);
    const time = readRfc3339(parts[0]);
    const isClassic = start === 0;

    draft.clientIp = textOf(withoutPort(parts[2]));
    draft.host = urlHost(url);
    draft.userAgent = textOf(rest[0]);
    draft.requestId = rootOf(rest[4]);
    const rejected =
      (isClassic ? draft.beganAt(time, "time") : draft.endedAt(time, "time")) ??
      draft.asked(request.slice(0, Math.max(0, firstSpace)), url, "request") ??
      draft.answered(parts[7] === "-" ? 0 : parts[7], "elb_status_code") ??
      draft.upstreamTook(parts[5], 1000, "target_processing_time") ??
      draft.moved(parts[9], parts[10]) ??
      draft.took(secondsOf(parts, rest[8]), 1000, "request_processing_time");
    if (rejected) return rejected;
    judge(parts, rest[9], draft);
    return undefined;
  },
};

// helpers

/** The words before the request: time, balancer, client, target, three times, two statuses, two sizes. */
interface Words {
  readonly [index: number]: string;
  readonly 0: string;
  readonly 2: string;
  readonly 4: string;
  readonly 5: string;
  readonly 6: string;
  readonly 7: string;
  readonly 8: string;
  readonly 9: string;
  readonly 10: string;
  /** Where the quote that opens the request is. */
  readonly end: number;
}

/** Where the time is: after the type, or at once in a Classic Load Balancer's line; -1 when it is neither. */
function headStart(line: string): number {
  const space = line.indexOf(" ");
  if (space <= 0 || space > 40) return -1;
  switch (line.slice(0, space)) {
    case "http":
    case "https":
    case "h2":
    case "grpcs":
    case "ws":
    case "wss":
      return space + 1;
    default:
      return line.charCodeAt(4) === 45 && line.charCodeAt(10) === 84 ? 0 : -1;
  }
}

function words(line: string, start: number): Words | undefined {
  const found: string[] = [];
  let at = start;
  while (found.length < 11) {
    const space = line.indexOf(" ", at);
    if (space <= at || space - at > 256) return undefined;
    found.push(line.slice(at, space));
    at = space + 1;
  }
  return line.charCodeAt(at) === 34 ? Object.assign(found as unknown as Words, { end: at }) : undefined;
}

/** What follows the request, as words and quoted texts; only the first ten are looked at. */
function tail(line: string, start: number): readonly string[] {
  const found: string[] = [];
  for (let at = start + 1; at < line.length && found.length < 10;) {
    const quoted = line.charCodeAt(at) === 34;
    let end = quoted ? closingQuote(line, at + 1) : line.indexOf(" ", at);
    if (end < 0) end = line.length;
    found.push(line.slice(quoted ? at + 1 : at, end));
    at = quoted ? end + 2 : end + 1;
  }
  return found;
}

function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from);
  while (at > 0 && line.charCodeAt(at - 1) === 92) at = line.indexOf('"', at + 1);
  return at;
}

/** The port is always there, so an IPv6 address without brackets ends at the last colon. */
function withoutPort(client: string): string {
  return client.slice(0, Math.max(0, client.lastIndexOf(":")));
}

/** `Root=1-67891233-abcdef012345678912345678` of the header X-Amzn-Trace-Id, without the name. */
function rootOf(trace: string | undefined): string | undefined {
  if (trace === undefined) return undefined;
  const at = trace.indexOf("Root=");
  if (at < 0) return textOf(trace);
  const end = trace.indexOf(";", at);
  return textOf(trace.slice(at + 5, end < 0 ? undefined : end));
}

/** The three times added up; where a step never happened, from when the request came to when it ended. */
function secondsOf(parts: Words, createdAt: string | undefined): number | undefined {
  const steps = [parts[4], parts[5], parts[6]].map(decimalOf);
  if (steps.every((step) => step !== undefined && step >= 0)) return steps.reduce((a = 0, b = 0) => a + b, 0);
  const created = readRfc3339(createdAt);
  const ended = readRfc3339(parts[0]);
  const ms = created === undefined || ended === undefined ? Number.NaN : ended - created;
  return ms >= 0 ? ms / 1000 : undefined;
}

/**
 * Who answered, and what a firewall's refusal means. The words before the request decide, because
 * the client can't write them: a request that a target answered was not refused.
 */
function judge(parts: Words, actions: string | undefined, draft: Draft): void {
  draft.answeredBy = parts[8] === parts[7] && parts[8] !== "-" ? "upstream" : "gateway";
  if (parts[8] === "-" && actions !== undefined && (actions === "waf" || actions.endsWith(",waf"))) {
    draft.outcome = "denied";
  }
  if (draft.status === 460) draft.outcome = "unknown";
}
