import type { EventField } from "./access-event.ts";

/**
 * What a real-time log configuration of CloudFront may choose, in the order in which the fields
 * arrive. `other` stands for a field that is not known here.
 */
export const cloudfrontFields = [
  "timestamp", "c-ip", "time-to-first-byte", "sc-status", "sc-bytes", "cs-method", "cs-protocol", "cs-host",
  "cs-uri-stem", "cs-bytes", "x-edge-location", "x-edge-request-id", "x-host-header", "time-taken",
  "cs-protocol-version", "c-ip-version", "cs-user-agent", "cs-referer", "cs-cookie", "cs-uri-query",
  "x-edge-response-result-type", "x-forwarded-for", "ssl-protocol", "ssl-cipher", "x-edge-result-type",
  "fle-encrypted-fields", "fle-status", "sc-content-type", "sc-content-len", "sc-range-start", "sc-range-end",
  "c-port", "x-edge-detailed-result-type", "c-country", "cs-accept-encoding", "cs-accept",
  "cache-behavior-path-pattern", "cs-headers", "cs-header-names", "cs-headers-count", "primary-distribution-id",
  "primary-distribution-dns-name", "origin-fbl", "origin-lbl", "asn", "cmcd-encoded-bitrate", "cmcd-buffer-length",
  "cmcd-buffer-starvation", "cmcd-content-id", "cmcd-object-duration", "cmcd-deadline", "cmcd-measured-throughput",
  "cmcd-next-object-request", "cmcd-next-range-request", "cmcd-object-type", "cmcd-playback-rate",
  "cmcd-requested-maximum-throughput", "cmcd-streaming-format", "cmcd-session-id", "cmcd-stream-type",
  "cmcd-startup", "cmcd-top-bitrate", "cmcd-version", "r-host", "sr-reason", "x-edge-mqcs",
  "distribution-tenant-id", "connection-id", "other",
] as const; // prettier-ignore

export type CloudfrontField = (typeof cloudfrontFields)[number];

/** Without these no event can be made. */
export const neededCloudfrontFields = ["timestamp", "sc-status", "cs-method", "cs-uri-stem"] as const satisfies
  readonly CloudfrontField[]; // prettier-ignore

/** What each field fills that standard and real-time logs call by the same name. */
export const cloudfrontFills = {
  "c-ip": "clientIp",
  "x-forwarded-for": "clientIp",
  "cs-method": "method",
  "x-host-header": "host",
  "cs-uri-stem": "path",
  "sc-status": "status",
  "time-taken": "durationMs",
  "origin-fbl": "answeredBy",
  "origin-lbl": "upstreamMs",
  "x-edge-result-type": ["answeredBy", "outcome"],
  "x-edge-detailed-result-type": ["answeredBy", "outcome"],
  "cs-bytes": "requestBytes",
  "sc-bytes": "responseBytes",
  "x-edge-request-id": "requestId",
  "c-country": "country",
} as const satisfies Partial<Record<CloudfrontField, EventField | readonly EventField[]>>;
