import type { AccessEvent, EventField, FieldCoverage } from "../normalize/access-event.ts";
import { derivedFields, optionalFields } from "../normalize/field-counts.ts";

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
  role: { what: "the user's role", mend: "log `role`" },
  listed: { what: "whether the inventory has an endpoint", mend: "write it: docs/endpoints.md" },
  deprecated: { what: "whether an endpoint is to go", mend: "write the inventory: docs/endpoints.md" },
  needsUser: {
    what: "which endpoints need a user",
    mend: "give those of the inventory `authentication: required`",
  },
  attempt: {
    what: "how attempts end",
    mend: "send shop events (docs/shop-events.md), or take `attempts: shop` off the endpoint",
  },
};

/** What a missing field is and how to mend that, in one line. */
export function fieldHint(field: EventField): string {
  const hint = hints[field];
  return hint === undefined ? `map \`${field}\` under \`formats:\`` : `${hint.what}: ${hint.mend}`;
}

const logged = optionalFields.filter((field) => !derivedFields.has(field));

/** What the entries of one format have, of one file. */
export interface FormatFields {
  readonly file: string;
  readonly format: string;
  readonly events: number;
  /** Fields that all have. */
  readonly always: readonly EventField[];
  /** Fields that some have, with the share of entries, 0 to 1; the rarest first. */
  readonly sometimes: readonly (readonly [EventField, number])[];
  /** Fields that none has. */
  readonly never: readonly EventField[];
}

export function formatFields({ source, format, events, withField }: FieldCoverage): FormatFields {
  const shares = logged.map((field) => [field, (withField[field] ?? 0) / Math.max(1, events)] as const);
  return {
    file: source,
    format,
    events,
    always: shares.flatMap(([field, share]) => (share === 1 ? field : [])),
    sometimes: shares.filter(([, share]) => share > 0 && share < 1).sort(([, a], [, b]) => a - b),
    never: shares.flatMap(([field, share]) => (share === 0 ? field : [])),
  };
}

/** Looks at shop events that nobody counts by. */
export class ShopCounts {
  readonly #told = new Set<string>();
  readonly #counted = new Set<string>();

  add({ endpointClass, outcome, attempt }: AccessEvent): void {
    if (attempt) this.#counted.add(endpointClass);
    else if (outcome !== "unknown") this.#told.add(endpointClass);
  }

  warnings(): string[] {
    const idle = [...this.#told].filter((endpointClass) => !this.#counted.has(endpointClass));
    if (idle.length === 0) return [];
    return [
      `shop events of ${idle.join(", ")} are not counted as attempts: no endpoint of ${idle.length === 1 ? "that class" : "those classes"} says \`attempts: shop\` (docs/shop-events.md)`,
    ];
  }
}
