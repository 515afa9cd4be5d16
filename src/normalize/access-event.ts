/** What a route is for; detectors and runbooks choose by it. */
export const endpointClasses = [
  "login", "signup", "password_reset", "payment", "checkout", "cart", "promo", "loyalty", "order", "account",
  "catalog", "search", "reservation", "admin", "debug", "webhook", "third_party", "other",
] as const; // prettier-ignore

export type EndpointClass = (typeof endpointClasses)[number];

/** How a request ended in the shop's terms. `unknown` is not zero: it is never counted as either. */
export const outcomes = ["ok", "failed", "denied", "limited", "unknown"] as const;
export type Outcome = (typeof outcomes)[number];

/**
 * One request, as a gateway logged it, after normalization. Secrets are already cut. What the log
 * does not tell is `undefined`. Every field is always present, in this order, so that all events
 * share one hidden class.
 */
export interface AccessEvent {
  /** `gateway`: a request that a gateway logged; `shop`: what the shop's application said of one (a shop event). */
  origin: "gateway" | "shop";
  /** When the answer ended, epoch ms: logs are written then. */
  time: number;
  /** When the request began, epoch ms. */
  startedAt: number | undefined;
  /** The gateway's name, from the source's configuration. */
  gateway: string;
  /** The client's address, canonical text (RFC 5952; IPv4-mapped as IPv4). */
  clientIp: string | undefined;
  /** What clients are counted by: the IPv4 address, or the /64 of an IPv6 address (`2001:db8::/64`). */
  clientKey: string | undefined;
  /** `guessed`: could be forged; nothing is blocked on it. */
  clientIpTrust: "certain" | "guessed";
  /** The socket's other end, where the log has it. */
  peerIp: string | undefined;
  method: string;
  host: string | undefined;
  /** Without the query; redacted. */
  path: string;
  /** A template (`/orders/{id}`), from the inventory or by templating; bounded in number. */
  route: string;
  endpointClass: EndpointClass;
  /** Who owns the endpoint: a team's name in the configuration. */
  owner: string | undefined;
  /**
   * Whether the inventory has the endpoint; `undefined` where there is no inventory, in shop events, and for a browser's
   * `OPTIONS`, which needs no entry.
   */
  listed: boolean | undefined;
  /**
   * Whether the inventory says that the endpoint needs a signed-in user (`authentication`). `undefined` where it leaves
   * that open or lacks the endpoint, and for a browser's `OPTIONS`.
   */
  needsUser: boolean | undefined;
  /** Whether the inventory says that the endpoint is to go; `undefined` where it lacks the endpoint. */
  deprecated: boolean | undefined;
  /** 0: no response was begun. */
  status: number;
  answeredBy: "gateway" | "upstream" | "unknown";
  /** True: this answer was our own block. Left out of all failure counts. */
  enforced: boolean;
  durationMs: number | undefined;
  upstreamMs: number | undefined;
  requestBytes: number | undefined;
  responseBytes: number | undefined;
  requestId: string | undefined;
  userId: string | undefined;
  role: string | undefined;
  apiKey: string | undefined;
  sessionId: string | undefined;
  deviceId: string | undefined;
  userAgent: string | undefined;
  /** ISO 3166-1 alpha-2, upper case. */
  country: string | undefined;
  /** The network's number, without `AS`. */
  asn: number | undefined;
  latitude: number | undefined;
  longitude: number | undefined;
  methodOverride: string | undefined;
  outcome: Outcome;
  /** True: one attempt at what the endpoint is for. An endpoint's attempts are counted from records of one origin. */
  attempt: boolean;
  /** What the shop's own log adds: promo code, decline class, attempted login. Redacted, at most 16. */
  attributes: Readonly<Record<string, string>> | undefined;
}

export type EventField = keyof AccessEvent;

/** Why a record became no event; closed, since it is a metric label. Each is explained in `docs/rejected.md`. */
export const rejectReasons = [
  "empty", "too_long", "undecodable", "not_json", "not_an_object", "too_deep", "unknown_format", "format_changed",
  "no_time", "bad_time", "no_status", "bad_status", "no_method", "no_path", "bad_field", "unknown_event", "not_a_request",
] as const; // prettier-ignore
export type RejectReason = (typeof rejectReasons)[number];

/** A record that became no event, with enough to find out why. */
export interface RejectedRecord {
  readonly source: string;
  readonly partition: string;
  readonly offset: number;
  /** Which of its record's entries it was, from 0; the same on every replay. */
  readonly index: number;
  readonly reason: RejectReason;
  /** The format it was read as, or `none`. */
  readonly format: string;
  /** Which field, and what was expected. */
  readonly detail: string;
  /** The record's first 300 characters, redacted. */
  readonly head: string;
}

/** A batch after normalization. `events[i]` came from the record at `offsets[i]`, and was its entry `indexes[i]`. */
export interface NormalizedBatch {
  readonly events: readonly AccessEvent[];
  readonly offsets: readonly number[];
  readonly indexes: readonly number[];
  readonly rejected: readonly RejectedRecord[];
}

/** How many of a source's events had each field; what a detector `needs` is judged by it. */
export interface FieldCoverage {
  readonly source: string;
  readonly format: string;
  readonly events: number;
  readonly certainClients: number;
  readonly withField: Readonly<Partial<Record<EventField, number>>>;
}
