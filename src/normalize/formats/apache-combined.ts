import { splitCombined, splitRequest, unescapeLog } from "../combined-line.ts";
import type { TextFormat } from "../log-format.ts";
import { readClf } from "../read-time.ts";
import { textOf } from "../read-value.ts";

/**
 * Apache's `combined`, `common` (ends after the bytes) and `vhost_combined` (`HOST:PORT`, or the host alone, comes first):
 * `%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"`.
 *
 * Traps: `%h` is a name instead of an address with `HostnameLookups On`. Quotes and backslashes are
 * escaped with a backslash. `-` stands for no bytes, and for the status of a request that was never answered; a user without a name is `""`; a connection
 * that sent nothing in time is `"-" 408`. Whole seconds; no duration (a `%D` or `%T` at the end has
 * no mark that tells its unit), no upstream.
 */
export const apacheCombined: TextFormat = {
  id: "apache-combined",
  title: "Apache, combined, common and vhost_combined",
  kind: "text",
  keys: {
    "%v:%p": "host",
    "%h": "clientIp",
    "%u": "userId",
    "%t": "time",
    "%r": ["method", "path"],
    "%>s": "status",
    "%O": "responseBytes",
    "%{User-Agent}i": "userAgent",
  },

  matches(sample) {
    const parts = splitCombined(sample);
    if (parts === undefined || Number.isNaN(readClf(parts.time)) || parts.rest.includes(" [")) return 0;
    const who = splitWho(parts.who);
    if (who === undefined) return 0;
    const signs =
      who.host !== undefined ||
      parts.bytes === "-" ||
      parts.status === "-" ||
      who.user === '""' ||
      sample.includes('\\"');
    return signs ? 0.95 : 0.85;
  },

  read(line, draft) {
    const parts = splitCombined(line);
    const who = parts && splitWho(parts.who);
    if (parts === undefined || who === undefined) {
      return draft.reject("unknown_format", 'expected [HOST:PORT] ADDRESS IDENTITY USER [TIME] "REQUEST" STATUS BYTES');
    }
    draft.host = who.host;
    draft.clientIp = who.address;
    draft.userId = who.user === '""' ? undefined : textOf(unescapeLog(who.user));
    draft.userAgent = textOf(unescapeLog(parts.agent));
    const { method, target } = splitRequest(unescapeLog(parts.request));
    return (
      draft.endedAt(readClf(parts.time), "time") ??
      draft.asked(method, target, "request") ??
      draft.answered(parts.status === "-" ? 0 : parts.status, "status") ??
      draft.moved(undefined, parts.bytes)
    );
  },
};

// helpers

interface Who {
  readonly host: string | undefined;
  readonly address: string;
  readonly user: string;
}

/** `[HOST:PORT] ADDRESS IDENTITY USER`; the user may hold spaces. */
function splitWho(who: string): Who | undefined {
  const first = who.indexOf(" ");
  const second = who.indexOf(" ", first + 1);
  const third = who.indexOf(" ", second + 1);
  if (first <= 0 || second < 0) return undefined;
  // The identity is a dash nearly always: nobody asks for it any more. Whatever stands before the address is the host.
  const noIdentity = who.slice(first + 1, second) === "-";
  if (noIdentity || third < 0) return { host: undefined, address: who.slice(0, first), user: who.slice(second + 1) };
  if (who.slice(second + 1, third) !== "-") return undefined;
  const colon = who.lastIndexOf(":", first);
  const host = who.slice(0, colon > 0 && isPort(who, colon + 1, first) ? colon : first);
  return { host, address: who.slice(first + 1, second), user: who.slice(third + 1) };
}

function isPort(text: string, from: number, to: number): boolean {
  if (to === from || to - from > 5) return false;
  for (let at = from; at < to; at++) {
    const c = text.charCodeAt(at);
    if (c < 48 || c > 57) return false;
  }
  return true;
}
