import type { AccessEvent, EventField } from "../normalize/access-event.ts";

/**
 * The form of a tally. A reader skips sections that it doesn't know, so what is added to a tally gets a
 * section of its own and the version stays; when what is there comes to mean something else, the version
 * rises, and for one release everybody reads both and writes the older one.
 */
export const tallyVersion = 1;

/** Events within half a minute are counted together: a part of one minute, and of one bucket of anything longer. */
export const stretchMs = 30_000;

/** Sections of a tally. */
export const sectionOf = { detectors: 1, coverage: 2, stretch: 3, minutes: 4 } as const;

/** Sections of one stretch of time. */
export const partOf = { shared: 1, own: 2, facts: 3, seconds: 4 } as const;

/** Fields by the numbers that stand for them. New ones are added at the end. */
export const numberedFields: readonly EventField[] = [
  "origin", "time", "startedAt", "gateway", "clientIp", "clientKey", "clientIpTrust", "peerIp", "method", "host", "path",
  "route", "endpointClass", "owner", "listed", "needsUser", "deprecated", "status", "answeredBy", "enforced", "durationMs",
  "upstreamMs", "requestBytes", "responseBytes", "requestId", "userId", "role", "apiKey", "sessionId", "deviceId",
  "userAgent", "country", "asn", "latitude", "longitude", "methodOverride", "outcome", "attempt", "attributes",
]; // prettier-ignore

export const numberedOrigins: readonly AccessEvent["origin"][] = ["gateway", "shop"];
export const numberedTrust: readonly AccessEvent["clientIpTrust"][] = ["certain", "guessed"];
