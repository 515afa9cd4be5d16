import { haproxyStatus, judgeHaproxyAnswer } from "../haproxy-answer.ts";
import { withoutLastPort } from "../host-port.ts";
import type { TextFormat } from "../log-format.ts";
import { readWallTime } from "../read-time.ts";
import { urlHost } from "../url-host.ts";

/**
 * HAProxy with `option httplog` or `option httpslog`, behind whatever header syslog put before it:
 * `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs "%r"`
 * and, of `httpslog`, five error codes and `SNI/VERSION/CIPHERS`.
 *
 * Traps: the time is the start, in local time, without a zone (`timeZone` of the source). IPv6
 * addresses stand without brackets before their port. Timers that were not reached are -1; with `option
 * logasap`, duration and bytes begin with `+` and are not the last. Braces with captured headers
 * come and go. A captured cookie may hold anything, so what stands after it is read from the end.
 * HTTP/2 requests have a whole URL. Quotes and bytes that are not ASCII are `#22`. A long request is
 * cut, without a closing quote. Captures have no names: forwarded addresses can't be told from them.
 */
export const haproxyHttp: TextFormat = {
  id: "haproxy-http",
  title: "HAProxy, httplog",
  kind: "text",
  keys: {
    "%ci": "clientIp",
    "%tr": ["time", "startedAt"],
    "%s": "answeredBy",
    "%Tr": ["upstreamMs", "answeredBy"],
    "%Ta": "durationMs",
    "%ST": "status",
    "%B": "responseBytes",
    "%tsc": "answeredBy",
    "%r": ["method", "path", "host"],
  },

  matches(sample) {
    const time = timeStart(sample);
    if (time < 0 || Number.isNaN(readWallTime(sample.slice(time, time + timeLength)))) return 0;
    return split(sample, time) === undefined ? 0 : 0.97;
  },

  read(line, draft) {
    const time = timeStart(line);
    const parts = time < 0 ? undefined : split(line, time);
    if (parts === undefined) {
      const isError = time > 0 && line.indexOf(": ", time) > 0 && line.indexOf('"', time) < 0;
      if (isError) return draft.reject("not_a_request", "an error of a connection, before there was a request");
      return draft.reject("unknown_format", "expected a line of `option httplog`");
    }
    const { timers, request } = parts;
    const client = withoutLastPort(parts.client);
    draft.clientIp = client === "unix" ? undefined : client;
    draft.timeIsLocal = true;
    const { method, target } = splitRequest(request);
    draft.host = urlHost(target);
    const duration = timers[4] as string;
    const rejected =
      draft.beganAt(readWallTime(line.slice(time, time + timeLength)), "time") ??
      draft.asked(method, target, "request") ??
      draft.answered(haproxyStatus(parts.status), "status") ??
      draft.took(duration === "-1" ? undefined : duration, 1, "Ta") ??
      draft.upstreamTook(timers[3], 1, "Tr") ??
      draft.moved(undefined, parts.bytes.startsWith("+") ? undefined : parts.bytes);
    if (rejected) return rejected;
    judgeHaproxyAnswer(draft, {
      server: parts.server,
      state: parts.state,
      hasResponse: draft.upstreamMs !== undefined,
    });
    return undefined;
  },
};

// helpers

/** `22/Aug/2026:09:14:07.412` */
const timeLength = 24;

/** Where the time begins; -1 when there is none. Syslog headers may have brackets of their own before it. */
function timeStart(line: string): number {
  for (let at = line.indexOf(" ["); at >= 0; at = line.indexOf(" [", at + 1)) {
    const end = at + 2 + timeLength;
    if (line.startsWith("] ", end) && line.charCodeAt(at + 4) === 47 && line.charCodeAt(end - 4) === 46) return at + 2;
  }
  return -1;
}

interface Parts {
  /** With its port. */
  readonly client: string;
  readonly server: string;
  /** Request, queue, connection, response, all. */
  readonly timers: readonly string[];
  readonly status: string;
  readonly bytes: string;
  readonly state: string;
  readonly request: string;
}

function split(line: string, time: number): Parts | undefined {
  // Up to the bytes nothing was written by a client: frontend, backend/server, timers, status, bytes.
  const fields = line.slice(time + timeLength + 2, time + timeLength + 1026).split(" ", 6);
  const [, server = "", timing = "", status = "", bytes = ""] = fields;
  const timers = timing.split("/", 6);
  const slash = server.lastIndexOf("/");
  if (fields.length < 6 || timers.length !== 5 || slash < 0 || bytes === "") return undefined;

  const request = requestOf(line);
  if (request === undefined || request.start < time) return undefined;
  let end = request.start - 3;
  // Their own braces are escaped, so each begins at the last one.
  for (let i = 0; i < 2 && line[end] === "}"; i++) end = line.lastIndexOf("{", end) - 2;
  const connections = line.lastIndexOf(" ", line.lastIndexOf(" ", end) - 1);
  const state = line.slice(line.lastIndexOf(" ", connections - 1) + 1, connections);
  return {
    client: line.slice(line.lastIndexOf(" ", time - 3) + 1, time - 2),
    server: server.slice(slash + 1),
    timers,
    status,
    bytes,
    state: state.length === 4 ? state : "",
    request: line.slice(request.start, request.end),
  };
}

/** What is between the last quotes: there are none inside. A request that was cut has only the first. */
function requestOf(line: string): { readonly start: number; readonly end: number } | undefined {
  const last = line.lastIndexOf('"');
  if (last < 0) return undefined;
  const next = line.charCodeAt(last + 1);
  if (last + 1 < line.length && next !== 32) return { start: last + 1, end: line.length };
  const first = line.lastIndexOf('"', last - 1);
  return first < 0 ? undefined : { start: first + 1, end: last };
}

function splitRequest(request: string): { readonly method: string; readonly target: string } {
  const space = request.indexOf(" ");
  if (space < 0) return { method: "", target: "" };
  const last = request.lastIndexOf(" ");
  const target = request.slice(space + 1, last > space && request.startsWith("HTTP/", last + 1) ? last : undefined);
  return { method: request.slice(0, space), target: target.replaceAll(/#(?=[0-9A-F]{2})/g, "%") };
}
