import type { AccessEvent, EventField, FieldCoverage } from "./access-event.ts";

/** Counts how many events of one source and format had each field. */
export class FieldCounts {
  readonly #source: string;
  readonly #format: string;
  readonly #counts = new Float64Array(optionalFields.length);
  #events = 0;
  #certain = 0;

  constructor(source: string, format: string) {
    this.#source = source;
    this.#format = format;
  }

  add(event: AccessEvent): void {
    const counts = this.#counts;
    this.#events++;
    if (event.clientIpTrust === "certain") this.#certain++;
    // Spelled out and in the order of `optionalFields`: a loop over names is five times slower.
    if (event.startedAt !== undefined) counts[0]!++;
    if (event.clientIp !== undefined) counts[1]!++;
    if (event.clientKey !== undefined) counts[2]!++;
    if (event.peerIp !== undefined) counts[3]!++;
    if (event.host !== undefined) counts[4]!++;
    if (event.owner !== undefined) counts[5]!++;
    if (event.listed !== undefined) counts[6]!++;
    if (event.needsUser !== undefined) counts[7]!++;
    if (event.deprecated !== undefined) counts[8]!++;
    if (event.answeredBy !== "unknown") counts[9]!++;
    if (event.durationMs !== undefined) counts[10]!++;
    if (event.upstreamMs !== undefined) counts[11]!++;
    if (event.requestBytes !== undefined) counts[12]!++;
    if (event.responseBytes !== undefined) counts[13]!++;
    if (event.requestId !== undefined) counts[14]!++;
    if (event.userId !== undefined) counts[15]!++;
    if (event.role !== undefined) counts[16]!++;
    if (event.apiKey !== undefined) counts[17]!++;
    if (event.sessionId !== undefined) counts[18]!++;
    if (event.deviceId !== undefined) counts[19]!++;
    if (event.userAgent !== undefined) counts[20]!++;
    if (event.country !== undefined) counts[21]!++;
    if (event.asn !== undefined) counts[22]!++;
    if (event.latitude !== undefined) counts[23]!++;
    if (event.longitude !== undefined) counts[24]!++;
    if (event.methodOverride !== undefined) counts[25]!++;
    if (event.outcome !== "unknown") counts[26]!++;
    if (event.attributes !== undefined) counts[27]!++;
  }

  /** What is known now; fields that every event has are counted as such. */
  coverage(): FieldCoverage {
    const withField: Partial<Record<EventField, number>> = {};
    for (const field of alwaysPresent) withField[field] = this.#events;
    for (const [i, field] of optionalFields.entries()) withField[field] = this.#counts[i] as number;
    return {
      source: this.#source,
      format: this.#format,
      events: this.#events,
      certainClients: this.#certain,
      withField,
    };
  }
}

// helpers

const alwaysPresent = [
  "origin", "time", "gateway", "clientIpTrust", "method", "path", "route", "endpointClass", "status", "enforced",
  "attempt",
] as const satisfies readonly EventField[]; // prettier-ignore

/** Fields that a log may lack; of the others every event has something. */
export const optionalFields = [
  "startedAt", "clientIp", "clientKey", "peerIp", "host", "owner", "listed", "needsUser", "deprecated", "answeredBy",
  "durationMs", "upstreamMs", "requestBytes", "responseBytes", "requestId", "userId", "role", "apiKey", "sessionId",
  "deviceId", "userAgent", "country", "asn", "latitude", "longitude", "methodOverride", "outcome", "attributes",
] as const satisfies readonly EventField[]; // prettier-ignore

/** Those of them that follow from others, or from the configuration: no log has them. */
export const derivedFields: ReadonlySet<EventField> = new Set([
  "startedAt", "clientKey", "owner", "listed", "needsUser", "deprecated",
] as const); // prettier-ignore
