import type { AccessEvent, EndpointClass, Outcome } from "./access-event.ts";
import type { EndpointConfig } from "./endpoint-config.ts";

/** How to tell an endpoint's outcome; the first rule that holds wins. */
export type OutcomeRule = EndpointConfig["outcome"][number];

export interface OutcomeInput {
  readonly rules: readonly OutcomeRule[];
  readonly endpointClass: EndpointClass;
  readonly status: number;
  readonly enforced: boolean;
  /** A limiter refused it, whatever the status. */
  readonly limited: boolean;
  /** What the shop's application said, where its log has it. */
  readonly told: Outcome | undefined;
  readonly attributes: AccessEvent["attributes"];
}

/**
 * How a request ended in the shop's terms: our own block, then the endpoint's rules, then what the
 * application said, then the status by the endpoint's class. `docs/formats.md` has the table.
 */
export function outcomeOf(input: OutcomeInput): Outcome {
  if (input.enforced) return "denied";
  for (const rule of input.rules) if (holds(rule, input)) return rule.is;
  if (input.told !== undefined) return input.told;
  if (input.limited || input.status === 429) return "limited";
  return byStatus(input.endpointClass, input.status);
}

// helpers

function holds({ when }: OutcomeRule, { status, attributes }: OutcomeInput): boolean {
  if (when.status !== undefined && !when.status.includes(status)) return false;
  for (const name in when.attribute) if (attributes?.[name] !== when.attribute[name]) return false;
  return true;
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
