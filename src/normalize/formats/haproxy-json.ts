import { haproxyStatus, judgeHaproxyAnswer } from "../haproxy-answer.ts";
import type { JsonFormat } from "../log-format.ts";
import { readEpochMs } from "../read-time.ts";
import { decimalOf, textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * HAProxy with one of the two `log-format` lines of `docs/formats.md`.
 *
 * Traps: `ts_ms` is the start, `end_ms` (which versions before 3.0 log instead) the end. Timers and
 * status are -1 where they were not reached. With `option logasap`, duration and bytes are not the
 * last; as text they begin with `+`.
 */
export const haproxyJson: JsonFormat = {
  id: "haproxy-json",
  title: "HAProxy, JSON",
  kind: "json",
  keys: {
    ts_ms: ["time", "startedAt"],
    end_ms: "time",
    client_ip: "clientIp",
    xff: "clientIp",
    forwarded: "clientIp",
    method: "method",
    method_override: "methodOverride",
    host: "host",
    uri: "path",
    path: "path",
    query: "path",
    status: "status",
    ta_ms: "durationMs",
    tr_ms: ["upstreamMs", "answeredBy"],
    term: "answeredBy",
    server: "answeredBy",
    bytes_in: "requestBytes",
    bytes: "responseBytes",
    request_id: "requestId",
    ua: "userAgent",
    ...shopKeys,
  },

  matches(sample) {
    if (sample.ts_ms === undefined && sample.end_ms === undefined) return 0;
    return sample.ta_ms === undefined || sample.term === undefined || sample.status === undefined ? 0 : 0.97;
  },

  read(record, draft) {
    const { ts_ms: start, bytes } = record;
    draft.clientIp = textOf(record.client_ip);
    draft.forwardedFor = textOf(record.xff);
    draft.forwarded = textOf(record.forwarded);
    draft.host = textOf(record.host);
    draft.userAgent = textOf(record.ua);
    draft.requestId = textOf(record.request_id);
    draft.methodOverride = textOf(record.method_override);
    const rejected =
      (start === undefined
        ? draft.endedAt(readEpochMs(record.end_ms), "end_ms")
        : draft.beganAt(readEpochMs(start), "ts_ms")) ??
      draft.asked(record.method, textOf(record.uri) ?? joined(record.path, record.query), "uri") ??
      draft.answered(haproxyStatus(record.status), "status") ??
      draft.took(decimalOf(record.ta_ms) === -1 ? undefined : record.ta_ms, 1, "ta_ms") ??
      draft.upstreamTook(record.tr_ms, 1, "tr_ms") ??
      draft.moved(record.bytes_in, typeof bytes === "string" && bytes.startsWith("+") ? undefined : bytes);
    if (rejected) return rejected;
    judgeHaproxyAnswer(draft, {
      server: textOf(record.server),
      state: textOf(record.term),
      hasResponse: draft.upstreamMs !== undefined,
    });
    readShopKeys(record, draft);
    return undefined;
  },
};

// helpers

/** A path, and the query with its question mark. */
function joined(path: unknown, query: unknown): unknown {
  return typeof path === "string" && typeof query === "string" && query !== "-" ? path + query : path;
}
