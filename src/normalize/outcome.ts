import type { AccessEvent, EndpointClass, Outcome } from "./access-event.ts";
import type { OutcomeRule, ValueTest } from "./outcome-rule.ts";

export interface OutcomeInput {
  readonly rules: readonly OutcomeRule[];
  readonly endpointClass: EndpointClass;
  readonly status: number;
  readonly answeredBy: AccessEvent["answeredBy"];
  readonly enforced: boolean;
  /** A limiter refused it, whatever the status. */
  readonly limited: boolean;
  /** What the shop's application said, where its log has it. */
  readonly told: Outcome | undefined;
  readonly attributes: AccessEvent["attributes"];
  /** False: the endpoint's attempts are counted from shop events, and this is only the gateway's side of one. */
  readonly attempt: boolean;
}

/**
 * How a request ended in the shop's terms: our own block, then the endpoint's rules, then what the
 * application said, then the status by the endpoint's class. `docs/formats.md` has the table. Where
 * shop events tell how attempts end, a request has only what the gateway knows for sure.
 */
export function outcomeOf(input: OutcomeInput): Outcome {
  if (input.enforced) return "denied";
  if (!input.attempt) return ofGatewayAlone(input);
  for (const rule of input.rules) if (holds(rule, input)) return rule.is;
  if (input.told !== undefined) return input.told;
  if (input.limited || input.status === 429) return "limited";
  return byStatus(input.endpointClass, input.status);
}

/** An outcome, and what decided it. */
export interface OutcomeReason {
  readonly outcome: Outcome;
  /** `gateway-alone`: the endpoint's attempts end with shop events, and this is what the gateway knows for sure. */
  readonly by: "own-block" | "rule" | "application" | "limiter" | "status" | "gateway-alone";
  /** The endpoint's rule that held, from 0. */
  readonly rule: number | undefined;
}

/** As `outcomeOf`, with what decided; for people who ask. */
export function explainOutcome(input: OutcomeInput): OutcomeReason {
  const outcome = outcomeOf(input);
  const because = (by: OutcomeReason["by"], rule?: number): OutcomeReason => ({ outcome, by, rule });
  if (input.enforced) return because("own-block");
  if (!input.attempt) return because("gateway-alone");
  const rule = input.rules.findIndex((one) => holds(one, input));
  if (rule >= 0) return because("rule", rule);
  if (input.told !== undefined) return because("application");
  return because(input.limited || input.status === 429 ? "limiter" : "status");
}

// helpers

function ofGatewayAlone({ limited, status }: OutcomeInput): Outcome {
  if (limited || status === 429) return "limited";
  return status >= 500 ? "failed" : "unknown";
}

function holds({ when }: OutcomeRule, { status, answeredBy, attributes }: OutcomeInput): boolean {
  if (when.status !== undefined && !when.status.includes(status)) return false;
  if (when.answeredBy !== undefined && when.answeredBy !== answeredBy) return false;
  for (const name in when.attribute) if (!passes(when.attribute[name]!, attributes?.[name])) return false;
  return true;
}

/** What an event lacks passes no test but `present: false`. */
function passes(wanted: ValueTest, value: string | undefined): boolean {
  if (typeof wanted !== "object") return value === String(wanted);
  if (Array.isArray(wanted)) return value !== undefined && wanted.some((one) => value === String(one));
  const { present, startsWith, contains, min, max } = wanted;
  if (present !== undefined && present !== (value !== undefined)) return false;
  if (startsWith !== undefined && !value?.startsWith(startsWith)) return false;
  if (contains !== undefined && !value?.includes(contains)) return false;
  if (min === undefined && max === undefined) return true;
  const number = value === undefined || value.trim() === "" ? Number.NaN : Number(value);
  return number >= (min ?? -Infinity) && number <= (max ?? Infinity);
}

function byStatus(endpointClass: EndpointClass, status: number): Outcome {
  if (status < 200) return "unknown";
  if (status < 400) return "ok";
  if (status >= 500) return "failed";
  // The client went away before it was answered (nginx).
  if (status === 499) return "unknown";
  if (attempts.has(endpointClass)) return "failed";
  return status === 401 || status === 403 ? "denied" : "unknown";
}

/**
 * Classes where a request is an attempt: any refusal, be it 400, 401, 402, 403 or 422, is one that
 * failed. Elsewhere 404 and the like say nothing about the shop's business.
 */
const attempts: ReadonlySet<EndpointClass> = new Set([
  "login", "signup", "password_reset", "payment", "checkout", "promo", "loyalty", "reservation",
] as const); // prettier-ignore
