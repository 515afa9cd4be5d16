import type { AccessEvent, EventField } from "../normalize/access-event.ts";
import type { Draft } from "../normalize/draft.ts";
import { derivedFields, optionalFields } from "../normalize/field-counts.ts";
import type { LogFormat } from "../normalize/log-format.ts";
import type { OutcomeReason } from "../normalize/outcome.ts";
import type { ExplainedClient } from "./explain-client.ts";
import { placeOf, type ExplainedEndpoint } from "./explain-endpoint.ts";
import type { ExplainedSource } from "./explain-source.ts";

/** A field of an event, and where its value is from. */
export interface ExplainedField {
  readonly field: EventField;
  readonly value: AccessEvent[EventField];
  readonly from: string;
}

/** All that is known of an event when its fields are explained. */
export interface FieldContext {
  readonly event: AccessEvent;
  readonly draft: Draft;
  readonly parts: ReadonlyMap<EventField, readonly string[]>;
  readonly client: ExplainedClient;
  readonly endpoint: ExplainedEndpoint;
  readonly outcome: OutcomeReason | undefined;
  /** Its time lay too far ahead, and was set back. */
  readonly clamped: boolean;
  readonly source: ExplainedSource;
}

/** The fields that an event has, in its own order. */
export function explainFields(context: FieldContext): ExplainedField[] {
  const { event } = context;
  const fields = Object.keys(event) as EventField[];
  const known = fields.filter((field) => event[field] !== undefined);
  return known.map((field) => ({ field, value: event[field], from: originOf(field, context) }));
}

/** A field that an event lacks, and the parts of its format that would fill it. */
export interface LackingField {
  readonly field: EventField;
  readonly parts: readonly string[];
}

/** The fields that an event lacks and its format could tell, and those that it can't. */
export function lackingFields(
  event: AccessEvent,
  { keys }: LogFormat,
): { readonly logged: readonly LackingField[]; readonly never: readonly EventField[] } {
  const lacking = optionalFields.filter((field) => isLacking(event, field) && !derivedFields.has(field));
  const fields = lacking.map((field) => ({
    field,
    parts: Object.keys(keys)
      .filter((part) => [keys[part] ?? []].flat().includes(field))
      .map(plainName),
  }));
  return {
    logged: fields.filter(({ parts }) => parts.length > 0),
    never: fields.filter(({ parts }) => parts.length === 0).map(({ field }) => field),
  };
}

// helpers

function isLacking(event: AccessEvent, field: EventField): boolean {
  return event[field] === undefined || event[field] === "unknown";
}

function originOf(field: EventField, context: FieldContext): string {
  const logged = partsOf(field, context);
  const special = (context.event.origin === "shop" ? ofShopEvents[field] : undefined) ?? origins[field];
  return special?.(context, logged) ?? logged ?? "derived";
}

function partsOf(field: EventField, { parts }: FieldContext): string | undefined {
  return parts.get(field)?.map(plainName).join(", ");
}

/** `["a.b"].["c"]` as people write it: `a.b.c`. */
function plainName(part: string): string {
  return part.replaceAll(/\["([^"]+)"\]/g, "$1");
}

/** Where a field is from; `undefined`: the parts of the record that `logged` names, as for all others. */
type Origin = (context: FieldContext, logged: string | undefined) => string | undefined;

const fromGeo =
  (field: "country" | "asn" | "latitude" | "longitude"): Origin =>
  ({ draft }) =>
    draft[field] === undefined ? "geo database" : undefined;

/** A key of the inventory's entry; where there is none, something else. */
const fromInventory =
  (key: string, otherwise: string): Origin =>
  ({ endpoint: { entry } }) =>
    entry === undefined ? otherwise : `${placeOf(entry.number)}.${key}`;

const origins: Readonly<Partial<Record<EventField, Origin>>> = {
  origin: () => "derived: the format",
  time: timeOrigin,
  startedAt: (context) => (context.draft.timeIsStart ? partsOf("time", context) : "derived: time − durationMs"),
  gateway: ({ source }) => gatewayOrigin(source),
  clientIp: (_, logged) => logged ?? "derived: the address walk",
  clientKey: ({ event }) => (event.clientIp?.includes(":") ? "derived: the /64 of clientIp" : "derived: clientIp"),
  clientIpTrust: () => "derived: the address walk",
  route: fromInventory("route", "derived: the path, by its template"),
  endpointClass: ({ endpoint: { entry, because }, event }) =>
    entry?.config.class === event.endpointClass ? `${placeOf(entry.number)}.class` : `derived: ${because}`,
  owner: fromInventory("owner", "configuration: endpoints of the class"),
  listed: ({ endpoint: { entry } }) => (entry === undefined ? "derived: no entry fits" : placeOf(entry.number)),
  needsUser: fromInventory("authentication", "default"),
  deprecated: fromInventory("deprecated", "default"),
  answeredBy: ({ event }, logged) =>
    event.answeredBy === "unknown" ? (logged === undefined ? "default" : `${logged} does not tell`) : logged,
  enforced: ({ event }) => (event.enforced ? undefined : "default"),
  country: fromGeo("country"),
  asn: fromGeo("asn"),
  latitude: fromGeo("latitude"),
  longitude: fromGeo("longitude"),
  methodOverride: ({ draft }) => (draft.methodOverride === undefined ? "derived: _method in the query" : undefined),
  outcome: outcomeOrigin,
  attempt: ({ endpoint, event }) => {
    const { entry } = endpoint;
    if (entry?.config.attempts === "shop") return `${placeOf(entry.number)}.attempts: shop`;
    return event.attempt ? "default" : "derived: shop events count for this class";
  },
};

/** What a shop event has in another way. */
const ofShopEvents: typeof origins = {
  clientIpTrust: ({ source }) =>
    `the application's word; the source's trustClientIp is ${source.trustClientIp ?? false}`,
  method: () => "default for shop events",
  status: () => "default for shop events",
  route: () => "derived: the event's name",
  attempt: () => "derived: the event's name, and attempts: of its endpoint",
};

function timeOrigin({ draft, clamped, source }: FieldContext, logged: string | undefined): string {
  const isEnd = !draft.timeIsStart || draft.durationMs !== undefined;
  const parts = [
    draft.timeIsStart && isEnd ? `${logged} + durationMs` : (logged ?? ""),
    isEnd ? "" : "when it began, since the log lacks the duration",
    draft.timeIsLocal ? `read in the zone ${source.timeZone ?? "UTC"}` : "",
    clamped ? "lay more than 5 minutes ahead: set to now" : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function gatewayOrigin({ name, gateway, isConfigured }: FieldContext["source"]): string {
  if (!isConfigured) return "default";
  return `configuration: sources.${name}${gateway === name ? "" : ".gateway"}`;
}

function outcomeOrigin({ outcome, endpoint, event }: FieldContext, logged: string | undefined): string {
  if (outcome === undefined) return "derived: the event's name";
  switch (outcome.by) {
    case "own-block":
      return "derived: our own block";
    case "rule":
      return `${endpoint.entry === undefined ? "configuration" : placeOf(endpoint.entry.number)}.outcome[${outcome.rule}]`;
    case "application":
      return logged ?? "what the record says of it";
    case "limiter":
      return event.status === 429 ? "derived: status 429" : "derived: a limiter refused it";
    case "gateway-alone":
      return "derived: status; how the attempt ended is for the shop event to say";
    default:
      return `derived: status ${event.status} of class ${event.endpointClass}`;
  }
}
