import { splitAddress, splitCombined, splitRequest, unescapeLog, type CombinedLine } from "../combined-line.ts";
import type { TextFormat } from "../log-format.ts";
import { readClf } from "../read-time.ts";
import { textOf } from "../read-value.ts";

/**
 * nginx's `combined`, and the `main` of its packages, which adds `"$http_x_forwarded_for"`:
 * `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`.
 *
 * Traps: whole seconds; no duration, no upstream, no host. A request that is no HTTP (a TLS
 * greeting, a port scan) is logged as it came, escaped as `\x16\x03`. A user name may hold spaces.
 */
export const nginxCombined: TextFormat = {
  id: "nginx-combined",
  title: "nginx, combined",
  kind: "text",
  keys: {
    $remote_addr: "clientIp",
    $remote_user: "userId",
    $time_local: "time",
    $request: ["method", "path"],
    $status: "status",
    $body_bytes_sent: "responseBytes",
    $http_user_agent: "userAgent",
    $http_x_forwarded_for: "clientIp",
  },

  matches(sample) {
    const parts = splitCombined(sample);
    if (parts === undefined || splitAddress(parts.who) === undefined || Number.isNaN(readClf(parts.time))) return 0;
    // What only others write: Apache has no number for none, and escapes a quote with a backslash.
    if (parts.bytes === "-" || parts.status === "-" || sample.includes('\\"') || parts.rest.includes(" [")) return 0.7;
    return 0.9;
  },

  read(line, draft) {
    const parts = splitCombined(line);
    const who = parts && splitAddress(parts.who);
    if (parts === undefined || who === undefined) {
      return draft.reject("unknown_format", 'expected ADDRESS - USER [TIME] "REQUEST" STATUS BYTES "REFERRER" "AGENT"');
    }
    draft.clientIp = who.address;
    draft.userId = textOf(unescapeLog(who.user));
    draft.userAgent = textOf(unescapeLog(parts.agent));
    draft.forwardedFor = textOf(lastQuoted(parts));
    const { method, target } = splitRequest(unescapeLog(parts.request));
    return (
      draft.endedAt(readClf(parts.time), "time") ??
      draft.asked(method, target, "request") ??
      draft.answered(parts.status, "status") ??
      draft.moved(undefined, parts.bytes)
    );
  },
};

// helpers

/** `X-Forwarded-For` of the format `main`: a third text in quotes, with which the line ends. */
function lastQuoted({ rest }: CombinedLine): string | undefined {
  const end = rest.length - 1;
  return rest.startsWith(' "') && end > 1 && rest.indexOf('"', 2) === end ? rest.slice(2, end) : undefined;
}
