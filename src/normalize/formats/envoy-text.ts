import type { Draft } from "../draft.ts";
import { judgeEnvoyAnswer } from "../envoy-keys.ts";
import type { TextFormat } from "../log-format.ts";
import { readRfc3339 } from "../read-time.ts";
import { textOf } from "../read-value.ts";

/**
 * Envoy's default text, and Istio's, which has more in the middle and at the end:
 * `[START] "METHOD PATH PROTOCOL" STATUS FLAGS [DETAILS TERMINATION "FAILURE"] RECEIVED SENT DURATION UPSTREAM_TIME`
 * `"X-FORWARDED-FOR" "USER-AGENT" "REQUEST-ID" "AUTHORITY" "UPSTREAM" [… DOWNSTREAM …]`.
 *
 * Traps: Envoy's own has no address of the peer at all, only the header, which the client may have
 * written: the client is guessed unless `proxies.hops` says otherwise. Headers are written as they
 * came, quotes and all: where there are more quotes than fields have, whatever a client could have
 * made up is left out.
 */
export const envoyText: TextFormat = {
  id: "envoy-text",
  title: "Envoy, default text",
  kind: "text",
  keys: {
    "%START_TIME%": ["time", "startedAt"],
    "%REQ(:METHOD)%": "method",
    "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%": "path",
    "%RESPONSE_CODE%": "status",
    "%RESPONSE_FLAGS%": ["answeredBy", "enforced"],
    "%RESPONSE_CODE_DETAILS%": ["answeredBy", "enforced"],
    "%BYTES_RECEIVED%": "requestBytes",
    "%BYTES_SENT%": "responseBytes",
    "%DURATION%": "durationMs",
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%": ["upstreamMs", "answeredBy"],
    "%REQ(X-FORWARDED-FOR)%": "clientIp",
    "%REQ(USER-AGENT)%": "userAgent",
    "%REQ(X-REQUEST-ID)%": "requestId",
    "%REQ(:AUTHORITY)%": "host",
    "%UPSTREAM_HOST%": "answeredBy",
    "%DOWNSTREAM_REMOTE_ADDRESS%": "clientIp",
  },

  matches(sample) {
    const parts = split(sample);
    return parts === undefined || Number.isNaN(readRfc3339(parts.start)) ? 0 : 0.95;
  },

  read(line, draft) {
    const parts = split(line);
    if (parts === undefined) {
      return draft.reject("unknown_format", 'expected [START] "METHOD PATH PROTOCOL" STATUS FLAGS …');
    }
    const { request, figures } = parts;
    const space = request.indexOf(" ");
    const rejected =
      draft.beganAt(readRfc3339(parts.start), "start time") ??
      draft.asked(
        request.slice(0, Math.max(space, 0)),
        request.slice(space + 1, request.lastIndexOf(" ")),
        "request",
      ) ??
      draft.answered(parts.status, "status") ??
      draft.took(figures[2], 1, "duration") ??
      draft.upstreamTook(figures[3], 1, "x-envoy-upstream-service-time") ??
      draft.moved(figures[0], figures[1]);
    if (rejected) return rejected;
    const noUpstream = readHeaders(parts.headers, draft);
    judgeEnvoyAnswer(draft, { flags: textOf(parts.flags), details: textOf(parts.details), noUpstream });
    return undefined;
  },
};

// helpers

interface Parts {
  readonly start: string;
  readonly request: string;
  readonly status: string;
  readonly flags: string;
  readonly details: string | undefined;
  /** Bytes received and sent, duration, and the upstream's time. */
  readonly figures: readonly string[];
  /** The rest of the line, from the quote before the forwarded addresses. */
  readonly headers: string;
}

/** A request ends with its protocol, and what follows it: a path has no spaces. */
const requestEnds = ['HTTP/1.1" ', 'HTTP/2" ', 'HTTP/1.0" ', 'HTTP/3" '];

function split(line: string): Parts | undefined {
  const startEnd = line.indexOf('] "');
  if (!line.startsWith("[") || startEnd < 20 || startEnd > 42) return undefined;
  const requestEnd = endOfRequest(line, startEnd + 3);
  if (requestEnd < 0) return undefined;
  const statusEnd = line.indexOf(" ", requestEnd + 2);
  const flagsEnd = line.indexOf(" ", statusEnd + 1);
  if (statusEnd < 0 || flagsEnd < 0) return undefined;

  let at = flagsEnd + 1;
  let details: string | undefined;
  if (!isDigit(line.charCodeAt(at))) {
    details = line.slice(at, line.indexOf(" ", at));
    const failure = line.indexOf(' "', at);
    const failureEnd = line.indexOf('" ', failure + 2);
    if (failure < 0 || failureEnd < 0) return undefined;
    at = failureEnd + 2;
  }
  const headers = line.indexOf(' "', at);
  // Four numbers; a longer stretch is something else, and not worth cutting up.
  if (headers < 0 || headers - at > 80) return undefined;
  const figures = line.slice(at, headers).split(" ");
  if (figures.length !== 4) return undefined;
  return {
    start: line.slice(1, startEnd),
    request: line.slice(startEnd + 3, requestEnd),
    status: line.slice(requestEnd + 2, statusEnd),
    flags: line.slice(statusEnd + 1, flagsEnd),
    details,
    figures,
    headers: line.slice(headers + 1),
  };
}

/** Where the request's closing quote is; the first that stands after a protocol and before a number. */
function endOfRequest(line: string, from: number): number {
  let first = -1;
  for (const end of requestEnds) {
    const at = line.indexOf(end, from);
    const quote = at + end.length - 2;
    if (at >= 0 && (first < 0 || quote < first) && isDigit(line.charCodeAt(quote + 2))) first = quote;
  }
  return first;
}

/** Five quoted fields; true when the last of them, the upstream's address, is empty. */
function readHeaders(text: string, draft: Draft): boolean {
  const [, forwardedFor, , agent, , requestId, , host, , upstream, rest, more] = text.split('"', 12);
  if (rest === undefined) return false;
  if (more !== undefined) {
    // Nobody can tell where a field ends. Istio's peer stands after them all; but what a client called
    // the server in the TLS handshake stands there, too, so that this is no more than a guess.
    draft.forwardedFor = peerIn(text.slice(text.lastIndexOf('"') + 1));
    return false;
  }
  draft.forwardedFor = textOf(forwardedFor);
  draft.userAgent = textOf(agent);
  draft.requestId = textOf(requestId);
  draft.host = textOf(host);
  draft.clientIp = peerIn(rest);
  return upstream === "-";
}

/** Istio's end of a line: cluster, address of our side to the upstream and to the peer, the peer's, the TLS handshake's name, the route. */
function peerIn(tail: string): string | undefined {
  const parts = tail.split(" ", 8);
  return parts.length >= 7 ? textOf(parts[4]) : undefined;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}
