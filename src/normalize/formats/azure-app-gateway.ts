import type { Draft } from "../draft.ts";
import type { JsonFormat, JsonRecord, RecordKeys } from "../log-format.ts";
import { readUpstream } from "../nginx-upstream.ts";
import { readRfc3339 } from "../read-time.ts";
import { textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";

/** What a record of the diagnostic settings calls its parts, under `properties`. */
const inRecord = {
  clientIp: "clientIP",
  method: "httpMethod",
  status: "httpStatus",
  originalUri: "originalRequestUriWithArgs",
  uri: "requestUri",
  originalHost: "originalHost",
  host: "host",
  seconds: "timeTaken",
  received: "receivedBytes",
  sent: "sentBytes",
  agent: "userAgent",
  id: "transactionId",
  serverStatus: "serverStatus",
  serverSeconds: "serverResponseLatency",
  firewall: "WAFMode",
} as const;

/** What a row of the table AGWAccessLogs calls them. */
const inRow = {
  clientIp: "ClientIp",
  method: "HttpMethod",
  status: "HttpStatus",
  originalUri: "OriginalRequestUriWithArgs",
  uri: "RequestUri",
  originalHost: "OriginalHost",
  host: "Host",
  seconds: "TimeTaken",
  received: "ReceivedBytes",
  sent: "SentBytes",
  agent: "UserAgent",
  id: "TransactionId",
  serverStatus: "ServerStatus",
  serverSeconds: "ServerResponseLatency",
  firewall: "WafMode",
} as const satisfies Record<keyof typeof inRecord, string>;

/** What each part fills. */
const fills = {
  clientIp: "clientIp",
  method: "method",
  status: "status",
  originalUri: "path",
  uri: "path",
  originalHost: "host",
  host: "host",
  seconds: "durationMs",
  received: "requestBytes",
  sent: "responseBytes",
  agent: "userAgent",
  id: "requestId",
  serverStatus: "answeredBy",
  serverSeconds: "upstreamMs",
  firewall: "outcome",
} as const satisfies RecordKeys & Record<keyof typeof inRecord, unknown>;

/**
 * Azure Application Gateway (v2), access log: a record of the diagnostic settings (`category`,
 * `properties`), or a row of the table AGWAccessLogs, whose names begin with capitals.
 *
 * Traps: the time is when the line was written; `timeTaken` is in seconds. The client may carry a
 * port. `serverStatus` is empty or `-` where the gateway answered by itself, and a list after
 * retries, as in nginx. `requestUri` and `host` may have been rewritten; the originals come first.
 * The firewall's own log comes through the same hub.
 */
export const azureAppGateway: JsonFormat = {
  id: "azure-app-gateway",
  title: "Azure Application Gateway",
  kind: "json",
  keys: {
    time: "time",
    timeStamp: "time",
    TimeGenerated: "time",
    category: [],
    Type: [],
    ...keysOf("properties.", inRecord),
    ...keysOf("", inRow),
    ...shopKeys,
  },

  matches(sample) {
    const kind = textOf(sample.category) ?? textOf(sample.Type);
    if (kind?.startsWith("ApplicationGateway") || kind?.startsWith("AGW")) return 0.95;
    if (sample.TimeGenerated !== undefined) return sample.HttpStatus === undefined ? 0 : 0.8;
    return propertiesOf(sample)?.httpStatus === undefined ? 0 : 0.8;
  },

  read(record, draft) {
    const kind = textOf(record.category) ?? textOf(record.Type);
    if (kind !== undefined && !kind.includes("AccessLog")) {
      return draft.reject("not_a_request", "expected the access log, found another log of the gateway");
    }
    const properties = propertiesOf(record);
    const from = properties ?? record;
    const name = properties === undefined ? inRow : inRecord;
    draft.clientIp = textOf(from[name.clientIp]);
    draft.host = textOf(from[name.originalHost]) ?? textOf(from[name.host]);
    draft.userAgent = textOf(from[name.agent]);
    draft.requestId = textOf(from[name.id]);
    readShopKeys(record, draft);
    const rejected =
      draft.endedAt(readRfc3339(record.time ?? record.timeStamp ?? record.TimeGenerated), "time") ??
      draft.asked(from[name.method], textOf(from[name.originalUri]) ?? from[name.uri], name.uri) ??
      draft.answered(from[name.status], name.status) ??
      draft.took(from[name.seconds], 1000, name.seconds) ??
      draft.moved(from[name.received], from[name.sent]) ??
      readUpstream(from[name.serverStatus], from[name.serverSeconds], draft);
    if (rejected) return rejected;
    // Unlike nginx's, its own 503 is no limiter's; its firewall's limiter answers 429.
    draft.limited = false;
    // A firewall's refusal is no attempt that failed, on whatever endpoint.
    if (isRefusal(draft) && from[name.firewall] === "Prevention") draft.outcome = "denied";
    return undefined;
  },
};

// helpers

function keysOf(prefix: string, names: Readonly<Record<keyof typeof fills, string>>): RecordKeys {
  const parts = Object.keys(fills) as (keyof typeof fills)[];
  return Object.fromEntries(parts.map((part) => [prefix + names[part], fills[part]]));
}

function propertiesOf({ properties }: JsonRecord): JsonRecord | undefined {
  return typeof properties === "object" && properties !== null ? (properties as JsonRecord) : undefined;
}

function isRefusal({ answeredBy, status }: Draft): boolean {
  return answeredBy === "gateway" && status === 403;
}
