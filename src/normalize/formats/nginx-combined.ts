import type { TextFormat } from "../log-format.ts";
import { readClf } from "../read-time.ts";
import { textOf } from "../read-value.ts";

/**
 * nginx's (and Apache's) `combined`, and `common`, which ends after the bytes:
 * `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`.
 *
 * Traps: whole seconds; no duration, no upstream, no host. A request that is no HTTP (a TLS
 * greeting, a port scan) is logged as it came, escaped as `\x16\x03`. A user name may hold spaces.
 * Whatever follows the user agent (ingress-nginx adds a dozen figures) is not read.
 */
export const nginxCombined: TextFormat = {
  id: "nginx-combined",
  title: "nginx or Apache, combined",
  kind: "text",
  keys: {
    $remote_addr: "clientIp",
    $remote_user: "userId",
    $time_local: "time",
    $request: ["method", "path"],
    $status: "status",
    $body_bytes_sent: "responseBytes",
    $http_user_agent: "userAgent",
  },

  matches(sample) {
    const parts = split(sample);
    return parts === undefined || Number.isNaN(readClf(parts.time)) ? 0 : 0.9;
  },

  read(line, draft) {
    const parts = split(line);
    if (parts === undefined) {
      return draft.reject("unknown_format", 'expected ADDRESS - USER [TIME] "REQUEST" STATUS BYTES "REFERRER" "AGENT"');
    }
    draft.clientIp = textOf(parts.address);
    draft.userId = textOf(parts.user);
    draft.userAgent = textOf(parts.agent);
    const space = parts.request.indexOf(" ");
    const end = parts.request.lastIndexOf(" ");
    const method = space < 0 ? "" : parts.request.slice(0, space);
    const target = parts.request.slice(space + 1, end > space ? end : undefined);
    return (
      draft.endedAt(readClf(parts.time), "time") ??
      draft.asked(method, target, "request") ??
      draft.answered(parts.status, "status") ??
      draft.moved(undefined, parts.bytes)
    );
  },
};

// helpers

interface Parts {
  readonly address: string;
  readonly user: string;
  readonly time: string;
  readonly request: string;
  readonly status: string;
  readonly bytes: string;
  readonly agent: string;
}

/** Finds the parts from their fixed marks, without a regular expression: a line may be a megabyte of anything. */
function split(line: string): Parts | undefined {
  const addressEnd = line.indexOf(" ");
  const timeStart = line.indexOf(" [", addressEnd);
  const timeEnd = line.indexOf('] "', timeStart);
  if (addressEnd <= 0 || timeStart < 0 || timeEnd - timeStart !== 28) return undefined;
  const userStart = line.indexOf(" ", addressEnd + 1) + 1;
  if (userStart <= 0 || userStart > timeStart) return undefined;

  const requestEnd = closingQuote(line, timeEnd + 3);
  if (requestEnd < 0 || line.charCodeAt(requestEnd + 1) !== 32) return undefined;
  const statusEnd = line.indexOf(" ", requestEnd + 2);
  if (statusEnd < 0) return undefined;
  const bytesEnd = line.indexOf(" ", statusEnd + 1);
  let agent = "";
  if (bytesEnd > 0 && line.charCodeAt(bytesEnd + 1) === 34) {
    const referrerEnd = closingQuote(line, bytesEnd + 2);
    if (referrerEnd > 0 && line.startsWith(' "', referrerEnd + 1)) {
      const agentEnd = closingQuote(line, referrerEnd + 3);
      agent = line.slice(referrerEnd + 3, agentEnd < 0 ? undefined : agentEnd);
    }
  }
  return {
    address: line.slice(0, addressEnd),
    user: line.slice(userStart, timeStart),
    time: line.slice(timeStart + 2, timeEnd),
    request: line.slice(timeEnd + 3, requestEnd),
    status: line.slice(requestEnd + 2, statusEnd),
    bytes: line.slice(statusEnd + 1, bytesEnd < 0 ? undefined : bytesEnd),
    agent,
  };
}

/** Apache escapes a quote with a backslash, nginx as `\x22`. */
function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from);
  while (at > 0 && line.charCodeAt(at - 1) === 92) at = line.indexOf('"', at + 1);
  return at;
}
