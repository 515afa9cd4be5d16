import { splitCombined } from "../combined-line.ts";
import type { TextFormat } from "../log-format.ts";
import { readClf } from "../read-time.ts";
import { textOf } from "../read-value.ts";

/**
 * Traefik's default access log: the combined format, and four fields more.
 * `ClientHost - ClientUsername [StartUTC] "Request" DownstreamStatus DownstreamContentSize "Referer" "User-Agent"`
 * `RequestCount "RouterName" "ServiceURL" Duration`.
 *
 * Traps: the time is the start, in whole seconds; the duration is in ms, with `ms`. `ClientHost` is
 * the peer, or the whole header `X-Forwarded-For`, and the line does not tell which: the client is
 * guessed unless `proxies.hops` says otherwise. No service's URL means that Traefik answered by
 * itself; with one, it still gives a 502 or 504 when the service is silent. Without the four fields
 * (`genericCLF`, when the configuration names this format) neither duration nor author is known.
 */
export const traefikClf: TextFormat = {
  id: "traefik-clf",
  title: "Traefik, CLF",
  kind: "text",
  keys: {
    ClientHost: "clientIp",
    ClientUsername: "userId",
    StartUTC: ["time", "startedAt"],
    RequestMethod: "method",
    RequestPath: "path",
    DownstreamStatus: "status",
    DownstreamContentSize: "responseBytes",
    "request_User-Agent": "userAgent",
    ServiceURL: "answeredBy",
    Duration: "durationMs",
  },

  matches(sample) {
    const line = splitCombined(sample);
    return line === undefined || splitTail(sample) === undefined || Number.isNaN(readClf(line.time)) ? 0 : 0.97;
  },

  read(text, draft) {
    const line = splitCombined(text);
    const dash = line === undefined ? -1 : line.who.indexOf(" - ");
    if (line === undefined || dash <= 0) {
      return draft.reject(
        "unknown_format",
        'expected CLIENT - USER [TIME] "REQUEST" STATUS BYTES "REFERRER" "AGENT" …',
      );
    }
    draft.forwardedFor = textOf(line.who.slice(0, dash));
    draft.userId = textOf(line.who.slice(dash + 3));
    draft.userAgent = textOf(line.agent.replaceAll('\\"', '"'));
    const tail = splitTail(text);
    if (tail?.service === "-") draft.answeredBy = "gateway";
    else if (tail !== undefined && line.status !== "502" && line.status !== "504") draft.answeredBy = "upstream";
    const { request } = line;
    const space = request.indexOf(" ");
    const end = request.lastIndexOf(" ");
    return (
      draft.beganAt(readClf(line.time), "time") ??
      draft.asked(
        request.slice(0, Math.max(space, 0)),
        request.slice(space + 1, end > space ? end : undefined),
        "request",
      ) ??
      draft.answered(line.status, "status") ??
      draft.moved(undefined, line.bytes) ??
      draft.took(tail?.duration, 1, "duration")
    );
  },
};

// helpers

/** What follows the user agent, read from the end: nothing of it was written by a client. */
function splitTail(line: string): { readonly service: string; readonly duration: string } | undefined {
  if (!line.endsWith("ms")) return undefined;
  const serviceEnd = line.lastIndexOf('" ');
  const serviceStart = line.lastIndexOf(' "', serviceEnd - 1);
  const routerStart = line.lastIndexOf(' "', serviceStart - 1);
  const countStart = line.lastIndexOf(" ", routerStart - 1);
  if (countStart < 0 || line.charCodeAt(countStart - 1) !== 34) return undefined;
  const duration = line.slice(serviceEnd + 2, -2);
  if (duration.length > 12 || !isDigits(duration) || !isDigits(line.slice(countStart + 1, routerStart)))
    return undefined;
  return { service: line.slice(serviceStart + 2, serviceEnd), duration };
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return text.length > 0;
}
