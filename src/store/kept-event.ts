import type { AccessEvent, EndpointClass, Outcome } from "../normalize/access-event.ts";
import type { AddressReader } from "../normalize/client-address.ts";

/** A row of `access_events` as it is asked for; text is empty where there is none. */
export interface KeptEventRow {
  readonly time: number;
  readonly origin: AccessEvent["origin"];
  readonly attempt: boolean;
  readonly gateway: string;
  readonly clientIp: string;
  readonly clientIpTrust: AccessEvent["clientIpTrust"];
  readonly userId: string;
  readonly apiKey: string;
  readonly sessionId: string;
  readonly deviceId: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly route: string;
  readonly endpointClass: EndpointClass;
  readonly status: number;
  readonly outcome: Outcome;
  readonly answeredBy: AccessEvent["answeredBy"];
  readonly enforced: boolean;
  readonly durationMs: number | null;
  readonly upstreamMs: number | null;
  readonly requestBytes: number | null;
  readonly responseBytes: number | null;
  readonly country: string;
  readonly asn: number;
  readonly userAgent: string;
  readonly requestId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The columns of a row, as SQL. */
export const keptEventColumns = `toUnixTimestamp64Milli(time) AS time, origin, attempt, gateway, clientIp, clientIpTrust, userId,
  apiKey, sessionId, deviceId, method, host, path, route, endpointClass, status, outcome, answeredBy, enforced, durationMs,
  upstreamMs, requestBytes, responseBytes, country, asn, userAgent, requestId, attributes`;

/**
 * The event that a row was made of. Not kept, and so `undefined`: the socket's other end, the user's
 * role, coordinates, a method override, and what the inventory said of the endpoint beside its class.
 */
export function keptEvent(row: KeptEventRow, readAddress: AddressReader): AccessEvent {
  const clientIp = orNone(row.clientIp);
  return {
    origin: row.origin,
    time: row.time,
    startedAt: row.durationMs === null ? undefined : row.time - row.durationMs,
    gateway: row.gateway,
    clientIp,
    clientKey: clientIp === undefined ? undefined : (readAddress(clientIp)?.key ?? clientIp),
    clientIpTrust: row.clientIpTrust,
    peerIp: undefined,
    method: row.method,
    host: orNone(row.host),
    path: row.path,
    route: row.route,
    endpointClass: row.endpointClass,
    owner: undefined,
    listed: undefined,
    needsUser: undefined,
    deprecated: undefined,
    status: row.status,
    answeredBy: row.answeredBy,
    enforced: row.enforced,
    durationMs: row.durationMs ?? undefined,
    upstreamMs: row.upstreamMs ?? undefined,
    requestBytes: row.requestBytes ?? undefined,
    responseBytes: row.responseBytes ?? undefined,
    requestId: orNone(row.requestId),
    userId: orNone(row.userId),
    role: undefined,
    apiKey: orNone(row.apiKey),
    sessionId: orNone(row.sessionId),
    deviceId: orNone(row.deviceId),
    userAgent: orNone(row.userAgent),
    country: orNone(row.country),
    asn: row.asn === 0 ? undefined : row.asn,
    latitude: undefined,
    longitude: undefined,
    methodOverride: undefined,
    outcome: row.outcome,
    attempt: row.attempt,
    attributes: Object.keys(row.attributes).length === 0 ? undefined : row.attributes,
  };
}

// helpers

function orNone(text: string): string | undefined {
  return text === "" ? undefined : text;
}
