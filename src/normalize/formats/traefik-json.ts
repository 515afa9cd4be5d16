import { withoutLastPort } from "../host-port.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readRfc3339 } from "../read-time.ts";
import { textOf } from "../read-value.ts";
import { isEnforcement, readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * Traefik's access log with `format: json`.
 *
 * Traps: durations are in ns, and `StartUTC` is the start. `ClientHost` is the whole header
 * `X-Forwarded-For` where Traefik let one through, else the peer again; only `ClientAddr` is surely the
 * peer. Traefik answered by itself where the status of the origin is 0 or missing; but a 502 or 504
 * that it gave because the origin was silent has that status as the origin's, so that who gave one
 * can't be told. Headers are there only if `fields.headers` keeps them, by their canonical names.
 */
export const traefikJson: JsonFormat = {
  id: "traefik-json",
  title: "Traefik, JSON",
  kind: "json",
  keys: {
    StartUTC: ["time", "startedAt"],
    StartLocal: ["time", "startedAt"],
    Duration: "durationMs",
    ClientAddr: ["peerIp", "clientIp"],
    ClientHost: "clientIp",
    "request_X-Forwarded-For": "clientIp",
    request_Forwarded: "clientIp",
    ClientUsername: "userId",
    RequestMethod: "method",
    "request_X-Http-Method-Override": "methodOverride",
    RequestAddr: "host",
    RequestPath: "path",
    RequestContentSize: "requestBytes",
    DownstreamStatus: "status",
    DownstreamContentSize: "responseBytes",
    OriginStatus: "answeredBy",
    OriginDuration: "upstreamMs",
    "request_User-Agent": "userAgent",
    "request_X-Request-Id": "requestId",
    "downstream_X-Gatewatch-Action": "enforced",
    ...shopKeys,
  },

  matches(sample) {
    if (sample.DownstreamStatus === undefined || sample.RequestMethod === undefined) return 0;
    return sample.ClientAddr === undefined && sample.ClientHost === undefined ? 0.6 : 0.97;
  },

  read(record, draft) {
    const peer = textOf(record.ClientAddr);
    draft.peerIp = peer === undefined ? undefined : withoutLastPort(peer);
    draft.forwardedFor = textOf(record.ClientHost) ?? textOf(record["request_X-Forwarded-For"]);
    draft.forwarded = textOf(record.request_Forwarded);
    draft.host = textOf(record.RequestAddr);
    draft.userId = textOf(record.ClientUsername);
    draft.userAgent = textOf(record["request_User-Agent"]);
    draft.requestId = textOf(record["request_X-Request-Id"]);
    draft.methodOverride = textOf(record["request_X-Http-Method-Override"]);
    const start = textOf(record.StartUTC) ?? record.StartLocal;
    const rejected =
      draft.beganAt(readRfc3339(start), "StartUTC") ??
      draft.asked(record.RequestMethod, record.RequestPath, "RequestPath") ??
      draft.answered(record.DownstreamStatus, "DownstreamStatus") ??
      draft.took(record.Duration, msPerNs, "Duration") ??
      draft.moved(record.RequestContentSize, record.DownstreamContentSize);
    if (rejected) return rejected;
    if (!hasOrigin(record)) draft.answeredBy = "gateway";
    else {
      draft.answeredBy = draft.status === 502 || draft.status === 504 ? "unknown" : "upstream";
      const unread = draft.upstreamTook(record.OriginDuration, msPerNs, "OriginDuration");
      if (unread) return unread;
    }
    // Only where Traefik answered: the header is then of the forward authentication, not of the shop.
    draft.enforced = draft.answeredBy === "gateway" && isEnforcement(record["downstream_X-Gatewatch-Action"]);
    readShopKeys(record, draft);
    return undefined;
  },
};

// helpers

const msPerNs = 0.000_001;

function hasOrigin({ OriginStatus: status }: JsonRecord): boolean {
  return status !== undefined && status !== null && status !== 0 && status !== "0" && status !== "-";
}
