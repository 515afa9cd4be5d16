import type { AccessEvent, RejectedRecord } from "../normalize/access-event.ts";
import type { Cell } from "./store.ts";

/** Where an event was read; the same on every replay. `index` tells apart the entries of one record. */
export interface RowOrigin {
  readonly partition: string;
  readonly offset: number;
  readonly index: number;
}

type Row = Readonly<Record<string, Cell>>;

/** A request that a limiter refused, for `limited_requests`. */
export function limitedRequestRow(event: AccessEvent, origin: RowOrigin): Row {
  return {
    ...origin,
    ...whoAndWhere(event),
    clientIpTrust: event.clientIpTrust,
    sessionId: event.sessionId ?? null,
    answeredBy: event.answeredBy,
    enforced: event.enforced,
  };
}

/** A single request or shop event, for `access_events`. */
export function accessEventRow(event: AccessEvent, origin: RowOrigin): Row {
  return {
    ...limitedRequestRow(event, origin),
    deviceId: event.deviceId ?? null,
    host: event.host ?? null,
    outcome: event.outcome,
    durationMs: event.durationMs ?? null,
    upstreamMs: event.upstreamMs ?? null,
    requestBytes: event.requestBytes ?? null,
    responseBytes: event.responseBytes ?? null,
    attributes: event.attributes ?? {},
    origin: event.origin,
    attempt: event.attempt,
  };
}

/** A record that became no event, for `rejected_records`. `time`: when the transport took it, epoch ms. */
export function rejectedRecordRow(record: RejectedRecord, time: number): Row {
  return { time, ...record };
}

// helpers

function whoAndWhere(event: AccessEvent): Row {
  return {
    time: event.time,
    gateway: event.gateway,
    clientIp: event.clientIp ?? null,
    userId: event.userId ?? null,
    apiKey: event.apiKey ?? null,
    method: event.method,
    route: event.route,
    endpointClass: event.endpointClass,
    path: event.path,
    status: event.status,
    country: event.country ?? null,
    asn: event.asn ?? null,
    userAgent: event.userAgent ?? null,
    requestId: event.requestId ?? null,
  };
}
