import type { Target } from "../detect/detection.ts";
import type { Decision } from "./decision.ts";
import type { DecisionLedger } from "./ledger.ts";

export interface DecisionFilter {
  /** `current`: active, or asked and waiting for a person. */
  readonly state?: Decision["state"] | "current" | undefined;
  readonly scope?: Target["scope"] | undefined;
  readonly value?: string | undefined;
  readonly incident?: string | undefined;
  /** Continues after the decision with this id. */
  readonly beforeId?: number | undefined;
  readonly limit?: number | undefined;
}

/** A dry run comes with whom it would have hit. */
export type ListedDecision = Decision;

const defaultLimit = 1000;

/** Current decisions and those of the past day, the newest first. */
export function listDecisions(ledger: DecisionLedger, filter: DecisionFilter): ListedDecision[] {
  const found: Decision[] = [];
  for (const decision of ledger.current()) if (matches(decision, filter)) found.push(decision);
  for (const decision of ledger.past()) if (matches(decision, filter)) found.push(decision);
  return found
    .sort((a, b) => b.id - a.id)
    .slice(0, filter.limit ?? defaultLimit)
    .map((decision) => {
      const wouldHaveHit = decision.dryRun ? ledger.wouldHaveHit(decision.uuid) : undefined;
      return wouldHaveHit ? { ...decision, wouldHaveHit } : decision;
    });
}

// helpers

function matches(decision: Decision, filter: DecisionFilter): boolean {
  const { state, scope, value, incident, beforeId } = filter;
  if (state === "current" && decision.state !== "active" && decision.state !== "asked") return false;
  if (state !== undefined && state !== "current" && decision.state !== state) return false;
  if (scope !== undefined && decision.scope !== scope) return false;
  if (value !== undefined && decision.value !== value) return false;
  if (incident !== undefined && decision.incident !== incident) return false;
  return beforeId === undefined || decision.id < beforeId;
}
