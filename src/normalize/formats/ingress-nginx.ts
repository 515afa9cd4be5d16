import { splitAddress, splitCombined, splitRequest, unescapeLog } from "../combined-line.ts";
import type { TextFormat } from "../log-format.ts";
import { readUpstream } from "../nginx-upstream.ts";
import { readClf } from "../read-time.ts";
import { textOf } from "../read-value.ts";

/**
 * The Kubernetes ingress controller of nginx, its `upstreaminfo`: nginx's combined, and then
 * `$request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr`
 * `$upstream_response_length $upstream_response_time $upstream_status $req_id`.
 *
 * Traps: the path is decoded and has no query. `$upstream_*` are lists after retries, with spaces
 * inside: `10.0.0.1:80, 10.0.0.2:80`. A service without ready pods is answered with 503 and no
 * upstream, just as the limiter does by default: it counts as an outage, because most ingresses have
 * no limit. Older releases have no alternative name, and `[$the_real_ip]` before the user.
 */
export const ingressNginx: TextFormat = {
  id: "ingress-nginx",
  title: "ingress-nginx, Kubernetes",
  kind: "text",
  keys: {
    $remote_addr: "clientIp",
    $remote_user: "userId",
    $time_local: ["time", "startedAt"],
    "$request_method $uri $server_protocol": ["method", "path"],
    $status: "status",
    $body_bytes_sent: "responseBytes",
    $http_user_agent: "userAgent",
    $request_length: "requestBytes",
    $request_time: "durationMs",
    $upstream_response_time: "upstreamMs",
    $upstream_status: "answeredBy",
    $req_id: "requestId",
  },

  matches(sample) {
    const parts = splitCombined(sample);
    if (parts === undefined || splitAddress(parts.who) === undefined || Number.isNaN(readClf(parts.time))) return 0;
    return splitUpstream(parts.rest) === undefined ? 0 : 0.95;
  },

  read(line, draft) {
    const parts = splitCombined(line);
    const upstream = parts && splitUpstream(parts.rest);
    const who = parts && splitAddress(parts.who);
    if (parts === undefined || upstream === undefined || who === undefined) {
      return draft.reject("unknown_format", "expected nginx's combined, and then nine fields about the upstream");
    }
    draft.clientIp = who.address;
    draft.userId = textOf(unescapeLog(withoutRealIp(who.user)));
    draft.userAgent = textOf(unescapeLog(parts.agent));
    draft.requestId = textOf(upstream.requestId);
    const { method, target } = splitRequest(unescapeLog(parts.request));
    const rejected =
      draft.endedAt(readClf(parts.time), "time") ??
      draft.asked(method, target, "request") ??
      draft.answered(parts.status, "status") ??
      draft.took(upstream.requestTime, 1000, "request_time") ??
      draft.moved(upstream.requestLength, parts.bytes) ??
      readUpstream(upstream.statuses, upstream.times, draft);
    draft.limited = false;
    return rejected;
  },
};

// helpers

interface UpstreamPart {
  readonly requestLength: string;
  readonly requestTime: string;
  readonly times: string;
  readonly statuses: string;
  readonly requestId: string;
}

/** Servers tried at most: more are no line of this kind. */
const maxWords = 256;

/** Reads what follows the user agent; `undefined` when it is something else. */
function splitUpstream(rest: string): UpstreamPart | undefined {
  const nameStart = rest.indexOf(" [");
  if (nameStart < 0 || nameStart > 64) return undefined;
  const [before, requestLength, requestTime, ...more] = rest.slice(0, nameStart).split(" ");
  if (before !== "" || requestLength === undefined || requestTime === undefined || more.length > 0) return undefined;
  let nameEnd = rest.indexOf("]", nameStart);
  if (nameEnd > 0 && rest.startsWith(" [", nameEnd + 1)) nameEnd = rest.indexOf("]", nameEnd + 1);
  if (nameEnd < 0 || rest.charCodeAt(nameEnd + 1) !== 32) return undefined;

  const words = rest.slice(nameEnd + 2).split(" ", maxWords);
  const lists: string[] = [];
  for (let i = 0; i < words.length; i++) {
    let list = words[i] as string;
    while (i + 1 < words.length && (list.endsWith(",") || list.endsWith(":") || words[i + 1] === ":")) {
      list += ` ${words[++i]}`;
    }
    lists.push(list);
  }
  const [, , times, statuses, requestId] = lists;
  if (times === undefined || statuses === undefined || requestId === undefined) return undefined;
  return { requestLength, requestTime, times, statuses, requestId };
}

/** `[$the_real_ip] - $remote_user` of older releases. */
function withoutRealIp(user: string): string {
  const end = user.startsWith("[") ? user.indexOf("] - ") : -1;
  return end < 0 ? user : user.slice(end + 4);
}
