import type { EventField } from "../access-event.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readTime } from "../read-time.ts";
import { asnOf, countryOf, textOf, withinOf } from "../read-value.ts";
import { isShopEventName, shopEventKind, shopSubjects } from "../shop-event-kinds.ts";

/** Attributes that may stand beside the other fields; further ones go under `attributes`. */
export const shopAttributes = [
  "promoCode", "declineClass", "reason", "quantity", "amount", "price", "currency", "balance", "sku", "orderId",
  "provider", "changed", "cardFingerprint", "cardBin", "giftCardFingerprint",
] as const; // prettier-ignore

/** What an event tells besides what happened and when, and the field that it fills. */
const told = {
  userId: "userId",
  role: "role",
  apiKey: "apiKey",
  sessionId: "sessionId",
  deviceId: "deviceId",
  requestId: "requestId",
  clientIp: "clientIp",
  userAgent: "userAgent",
  country: "country",
  asn: "asn",
  latitude: "latitude",
  longitude: "longitude",
  durationMs: "durationMs",
  endpoint: [],
  attributes: "attributes",
  ...(Object.fromEntries(shopAttributes.map((name) => [name, "attributes"])) as Record<string, EventField>),
} as const satisfies Readonly<Record<string, EventField | readonly EventField[]>>;

/**
 * What the shop's application says of an attempt, in the schema of `docs/shop-events.md`, alone or as
 * the `data` of a CloudEvents 1.0 envelope (structured mode).
 *
 * Traps: CloudEvents' `time` is optional, and is needed here. Its `type` may have a reverse domain
 * name before. A fingerprint that is all digits is a card's number by mistake, and is not read.
 */
export const shopEvent: JsonFormat = {
  id: "shop-event",
  title: "Shop events of the application",
  kind: "json",
  keys: {
    event: ["path", "route", "endpointClass", "outcome"],
    time: "time",
    id: "requestId",
    ...told,
    specversion: [],
    type: ["path", "route", "endpointClass", "outcome"],
    ...Object.fromEntries(Object.entries(told).map(([name, fields]) => [`data.${name}`, fields])),
    // A gateway's line may have a key `event`, too; these tell the two apart.
    status: [],
    method: [],
  },

  matches(sample) {
    const name = nameOf(sample);
    if (!isShopEventName(name)) return 0;
    if (shopEventKind(name) !== undefined) return 0.95;
    return sample.time === undefined || sample.status !== undefined || sample.method !== undefined ? 0 : 0.5;
  },

  read(record, draft) {
    const isEnvelope = isCloudEvent(record);
    const name = isEnvelope ? record.type : record.event;
    if (typeof name !== "string") return draft.reject("unknown_event", "event: expected a name such as login.failed");
    if (shopEventKind(name) === undefined) {
      return draft.reject("unknown_event", `event: expected SUBJECT.WHAT, the subject one of ${subjects}`);
    }
    const from = isEnvelope ? objectOf(record.data) : record;
    draft.shopEvent = name;
    draft.method = "EVENT";
    draft.status = 0;
    draft.target = textOf(from.endpoint) ?? "";
    draft.userId = textOf(from.userId);
    draft.role = textOf(from.role);
    draft.apiKey = textOf(from.apiKey);
    draft.sessionId = textOf(from.sessionId);
    draft.deviceId = textOf(from.deviceId);
    draft.requestId = textOf(from.requestId) ?? textOf(record.id);
    draft.clientIp = textOf(from.clientIp);
    draft.userAgent = textOf(from.userAgent);
    draft.country = countryOf(from.country);
    draft.asn = asnOf(from.asn);
    draft.latitude = withinOf(from.latitude, -90, 90);
    draft.longitude = withinOf(from.longitude, -180, 180);
    draft.attributes = attributesOf(from);
    return draft.endedAt(readTime(record.time, undefined), "time") ?? draft.took(from.durationMs, 1, "durationMs");
  },
};

// helpers

const subjects = Object.keys(shopSubjects).join(", ");
const nothing: JsonRecord = {};

type Attributes = Partial<Record<(typeof shopAttributes)[number], unknown>>;

function isCloudEvent(record: JsonRecord): boolean {
  return typeof record.specversion === "string" && record.event === undefined;
}

function nameOf(record: JsonRecord): unknown {
  return isCloudEvent(record) ? record.type : record.event;
}

function objectOf(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonRecord) : nothing;
}

/** Each name is spelled out: looking fifteen of them up would take longer than reading the rest. */
function attributesOf(from: JsonRecord): JsonRecord | undefined {
  const found: Attributes = {};
  if (from.promoCode !== undefined) found.promoCode = from.promoCode;
  if (from.declineClass !== undefined) found.declineClass = from.declineClass;
  if (from.reason !== undefined) found.reason = from.reason;
  if (from.quantity !== undefined) found.quantity = from.quantity;
  if (from.amount !== undefined) found.amount = from.amount;
  if (from.price !== undefined) found.price = from.price;
  if (from.currency !== undefined) found.currency = from.currency;
  if (from.balance !== undefined) found.balance = from.balance;
  if (from.sku !== undefined) found.sku = from.sku;
  if (from.orderId !== undefined) found.orderId = from.orderId;
  if (from.provider !== undefined) found.provider = from.provider;
  if (from.changed !== undefined) found.changed = from.changed;
  if (isHarmless("cardFingerprint", from.cardFingerprint)) found.cardFingerprint = from.cardFingerprint;
  if (isHarmless("cardBin", from.cardBin)) found.cardBin = from.cardBin;
  if (isHarmless("giftCardFingerprint", from.giftCardFingerprint)) found.giftCardFingerprint = from.giftCardFingerprint;
  const { attributes: more } = from;
  if (more !== undefined) addFurther(objectOf(more), found);
  for (const _name in found) return found;
  return undefined;
}

function addFurther(more: JsonRecord, found: Record<string, unknown>): void {
  for (const name of Object.keys(more)) {
    if (name !== "__proto__" && !Object.hasOwn(found, name) && isHarmless(name, more[name])) found[name] = more[name];
  }
}

/** Whatever is called a fingerprint and is a number of twelve digits or more is the card's own; a BIN has eight at most. */
function isHarmless(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (name === "cardBin") return /^\d{6,8}$/.test(textOf(value) ?? "");
  if (name !== "cardFingerprint" && name !== "giftCardFingerprint") return true;
  return typeof value === "string" && !/^[\d\s.-]{12,}$/.test(value);
}
