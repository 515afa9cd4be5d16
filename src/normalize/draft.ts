import type { AccessEvent, Outcome, RejectReason } from "./access-event.ts";
import { countOf, decimalOf } from "./read-value.ts";

/** A week: no request takes longer, so a longer one is a unit read wrongly. */
const maxDurationMs = 7 * 86_400_000;
/** From here a time is believed, and to here: outside, a unit was read wrongly. */
const earliest = Date.UTC(2000, 0, 1);
const latest = Date.UTC(2100, 0, 1);

/**
 * What a format tells of one record, still as the log wrote it: addresses unparsed, the path with
 * its query, nothing redacted. One draft is used again for every record. The methods check what
 * they are given and answer with a reason to reject the record, or `undefined`; they chain with `??`.
 */
export class Draft {
  time = 0;
  /** What happened, where this is no request but a shop event: `login.failed`. */
  shopEvent: string | undefined;
  /** True: `time` is when the request began; the duration is still to be added. */
  timeIsStart = false;
  /** True: `time` is what a clock on the wall showed, in the source's time zone. */
  timeIsLocal = false;
  /** The client as the gateway itself resolved it; may carry a port, brackets or a zone. */
  clientIp: string | undefined;
  /** The socket's other end. */
  peerIp: string | undefined;
  /**
   * An address that something names as the client's by a rule that nobody knows (OpenTelemetry's
   * `client.address`): used where nothing better is known, and never certain.
   */
  claimedIp: string | undefined;
  /** The `X-Forwarded-For` header, all lines joined with a comma. */
  forwardedFor: string | undefined;
  /** The `Forwarded` header of RFC 7239, all lines joined with a comma. */
  forwarded: string | undefined;
  method = "";
  host: string | undefined;
  /** The path, with its query where the log has it. */
  target = "";
  status = 0;
  answeredBy: AccessEvent["answeredBy"] = "unknown";
  enforced = false;
  /** True: a limiter refused it, whatever the status. */
  limited = false;
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
  country: string | undefined;
  asn: number | undefined;
  latitude: number | undefined;
  longitude: number | undefined;
  methodOverride: string | undefined;
  /** What the shop itself said about the outcome. */
  outcome: Outcome | undefined;
  /** The name of the GraphQL operation. */
  operation: string | undefined;
  /** The shop's own fields, unredacted. */
  attributes: Readonly<Record<string, unknown>> | undefined;
  /** What was wrong, after a reason was given. */
  detail = "";

  /** Forgets the record before. */
  reset(): void {
    this.shopEvent = undefined;
    this.timeIsStart = false;
    this.timeIsLocal = false;
    this.clientIp = undefined;
    this.peerIp = undefined;
    this.claimedIp = undefined;
    this.forwardedFor = undefined;
    this.forwarded = undefined;
    this.host = undefined;
    this.answeredBy = "unknown";
    this.enforced = false;
    this.limited = false;
    this.durationMs = undefined;
    this.upstreamMs = undefined;
    this.requestBytes = undefined;
    this.responseBytes = undefined;
    this.requestId = undefined;
    this.userId = undefined;
    this.role = undefined;
    this.apiKey = undefined;
    this.sessionId = undefined;
    this.deviceId = undefined;
    this.userAgent = undefined;
    this.country = undefined;
    this.asn = undefined;
    this.latitude = undefined;
    this.longitude = undefined;
    this.methodOverride = undefined;
    this.outcome = undefined;
    this.operation = undefined;
    this.attributes = undefined;
  }

  /** Says no: why, and in words which field and what was expected. */
  reject(reason: RejectReason, detail: string): RejectReason {
    this.detail = detail;
    return reason;
  }

  /** When the answer ended, epoch ms; `undefined`: the log lacks it, `NaN`: it can't be read. */
  endedAt(ms: number | undefined, field: string): RejectReason | undefined {
    if (ms === undefined) return this.reject("no_time", `${field}: expected a time`);
    if (!(ms >= earliest && ms < latest)) {
      return this.reject("bad_time", `${field}: expected a time between the years 2000 and 2100`);
    }
    this.time = ms;
    return undefined;
  }

  /** When the request began; becomes the end once the duration is known. */
  beganAt(ms: number | undefined, field: string): RejectReason | undefined {
    this.timeIsStart = true;
    return this.endedAt(ms, field);
  }

  /** The status; 0 means that no answer was begun. */
  answered(value: unknown, field: string): RejectReason | undefined {
    const status = countOf(value);
    if (status === undefined) return this.reject("no_status", `${field}: expected a status`);
    if (!(status === 0 || (status >= 100 && status <= 999))) {
      return this.reject("bad_status", `${field}: expected 0 or a status from 100 to 999`);
    }
    this.status = status;
    return undefined;
  }

  /** Method and path (or a whole URL), as the client sent them. */
  asked(method: unknown, target: unknown, field: string): RejectReason | undefined {
    if (typeof method !== "string" || !isMethod(method)) return this.reject("no_method", "expected a method");
    if (typeof target !== "string" || target === "" || target === "-") {
      return this.reject("no_path", `${field}: expected a path`);
    }
    this.method = method;
    this.target = target;
    return undefined;
  }

  /** How long the whole request took; `unitMs` is how many milliseconds one of its units has. */
  took(value: unknown, unitMs: number, field: string): RejectReason | undefined {
    const amount = decimalOf(value);
    if (amount === undefined) return undefined;
    const ms = toMs(amount, unitMs);
    if (!(ms >= 0 && ms <= maxDurationMs)) return this.reject("bad_field", `${field}: expected a duration`);
    this.durationMs = ms;
    return undefined;
  }

  /** How long the upstream took. A negative one (Kong's -1) means that none was asked. */
  upstreamTook(value: unknown, unitMs: number, field: string): RejectReason | undefined {
    const amount = decimalOf(value);
    if (amount === undefined || amount < 0) return undefined;
    const ms = toMs(amount, unitMs);
    if (!(ms <= maxDurationMs)) return this.reject("bad_field", `${field}: expected a duration`);
    this.upstreamMs = ms;
    return undefined;
  }

  /** Bytes the client sent and received. */
  moved(requestBytes: unknown, responseBytes: unknown): RejectReason | undefined {
    const sent = countOf(requestBytes);
    const received = countOf(responseBytes);
    if (Number.isNaN(sent) || Number.isNaN(received)) {
      return this.reject("bad_field", "expected a whole number of bytes, not negative");
    }
    this.requestBytes = sent;
    this.responseBytes = received;
    return undefined;
  }
}

// helpers

/** Rounded to a microsecond: 0.054 s must not become 54.00000000000001 ms. */
function toMs(amount: number, unitMs: number): number {
  return unitMs === 1 && Number.isInteger(amount) ? amount : Math.round(amount * unitMs * 1000) / 1000;
}

/** An HTTP token of at most 32 characters. */
function isMethod(text: string): boolean {
  if (text.length === 0 || text.length > 32 || text === "-") return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const letter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122);
    if (!letter && !(c >= 48 && c <= 57) && c !== 45 && c !== 95) return false;
  }
  return true;
}
