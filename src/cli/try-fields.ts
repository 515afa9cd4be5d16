import type { EventField } from "../normalize/access-event.ts";

/** How a log comes by a field that it lacks. */
interface FieldHint {
  /** What the field is, for people. */
  readonly what: string;
  /** The key of a JSON log, or whatever else mends it. */
  readonly mend: string;
}

const hints: Partial<Record<EventField, FieldHint>> = {
  clientIp: { what: "the client's address", mend: "log `remote_addr`" },
  userId: { what: "the signed-in user", mend: "log `user_id`, from a header that the application sets" },
  apiKey: { what: "the API key's id", mend: "log `api_key`; the id of the key, never the key" },
  sessionId: { what: "the session", mend: "log `session`" },
  deviceId: { what: "the device", mend: "log `device`" },
  country: { what: "the client's country", mend: "log `country`, or install a geo database (`geo.database`)" },
  latitude: { what: "where the client is", mend: "log `latitude`, or install a geo database (`geo.database`)" },
  longitude: { what: "where the client is", mend: "log `longitude`, or install a geo database (`geo.database`)" },
  asn: { what: "the client's network", mend: "log `asn`" },
  userAgent: { what: "the user agent", mend: "log `ua`" },
  durationMs: { what: "how long a request took", mend: "log `request_time`" },
  upstreamMs: { what: "how long the application took", mend: "log `upstream_response_time`" },
  answeredBy: { what: "whether gateway or application answered", mend: "log `upstream_status`" },
  outcome: { what: "how a request ended", mend: "log `outcome`, or give the endpoint `outcome:` rules" },
  requestId: { what: "the request's id", mend: "log `request_id`" },
  host: { what: "the host", mend: "log `host`" },
};

/** What a missing field is and how to mend that, in one line. */
export function fieldHint(field: EventField): string {
  const hint = hints[field];
  return hint === undefined ? `map \`${field}\` under \`formats:\`` : `${hint.what}: ${hint.mend}`;
}
