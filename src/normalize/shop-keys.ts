import { outcomes, type Outcome } from "./access-event.ts";
import type { Draft } from "./draft.ts";
import type { JsonRecord, RecordKeys } from "./log-format.ts";
import { asnOf, countryOf, textOf, withinOf } from "./read-value.ts";

/** What `readShopKeys` reads, in every JSON format, and what it fills. */
export const shopKeys = {
  user_id: "userId",
  role: "role",
  api_key: "apiKey",
  session: "sessionId",
  device: "deviceId",
  country: "country",
  asn: "asn",
  latitude: "latitude",
  longitude: "longitude",
  operation: [],
  gatewatch: "enforced",
  outcome: "outcome",
  attributes: "attributes",
} as const satisfies RecordKeys;

/**
 * Reads the keys that no gateway logs by itself, and that mean the same in every JSON format: who
 * asked, from where, how it ended for the shop, and whether the answer was our own block. What is
 * missing leaves the draft as the format filled it.
 */
export function readShopKeys(record: JsonRecord, draft: Draft): void {
  draft.userId = textOf(record.user_id) ?? draft.userId;
  draft.role = textOf(record.role);
  draft.apiKey = textOf(record.api_key);
  draft.sessionId = textOf(record.session);
  draft.deviceId = textOf(record.device);
  draft.country = countryOf(record.country);
  draft.asn = asnOf(record.asn);
  draft.latitude = withinOf(record.latitude, -90, 90);
  draft.longitude = withinOf(record.longitude, -180, 180);
  draft.operation = textOf(record.operation);
  if (record.gatewatch !== undefined) draft.enforced = isEnforcement(record.gatewatch);
  if (record.outcome !== undefined) draft.outcome = outcomeOf(record.outcome);
  const { attributes } = record;
  if (typeof attributes === "object" && attributes !== null && !Array.isArray(attributes)) {
    draft.attributes = attributes as JsonRecord;
  }
}

/** True when the gateway noted that it refused the request because gatewatch told it to. */
export function isEnforcement(value: unknown): boolean {
  switch (value) {
    case "block":
    case "throttle":
    case "ban":
    case "captcha":
    case true:
      return true;
    default:
      return false;
  }
}

/** An outcome the shop's application named; anything else says nothing. */
export function outcomeOf(value: unknown): Outcome | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  return (outcomes as readonly string[]).includes(value) ? (value as Outcome) : undefined;
}
