import type { Target } from "../detect/detection.ts";
import { type CrowdsecQuery, isAskedFor, originOf, scenarioOf } from "./crowdsec-query.ts";
import type { Action, Decision } from "./decision.ts";
import { goDuration } from "./go-duration.ts";
import type { DecisionLedger } from "./ledger.ts";
import { isHarder } from "./target-index.ts";
import { targetKey } from "./target.ts";

/** A decision as CrowdSec's protocol has it. */
export interface CrowdsecDecision {
  readonly id: number;
  readonly uuid: string;
  readonly origin: string;
  readonly type: string;
  readonly scope: string;
  readonly value: string;
  readonly duration: string;
  readonly scenario: string;
}

/** How far a bouncer has read: the ledger's revision, and the time, when its last request began. */
export interface StreamCursor {
  readonly revision: number;
  readonly time: number;
}

export interface CrowdsecView {
  readonly ledger: DecisionLedger;
  readonly query: CrowdsecQuery;
  /** The actions bouncers are told of. */
  readonly types: readonly Action[];
  readonly now: number;
}

/** Ends this much older than the cursor are told once more, as CrowdSec does. */
const overlapMs = 2_000;

const scopeNames: Readonly<Partial<Record<Target["scope"], string>>> = {
  ip: "Ip",
  range: "Range",
  country: "Country",
  as: "AS",
};

/** Answers `GET /v1/decisions`: what is active and asked for. */
export function activeDecisions(view: CrowdsecView): CrowdsecDecision[] {
  const { ledger, query } = view;
  const served = ledger.served(query.around ? query.network : undefined).map((entry) => entry.decision);
  const asked = [...served].filter((decision) => isAskedFor(decision, query, view.types));
  return (query.dedup ? longest(asked) : asked).map((decision) => written(decision, decision.until - view.now));
}

/** The `new` of a stream: all that is active, or of it what came or changed since the cursor. */
export function newDecisions(view: CrowdsecView, cursor: StreamCursor | undefined): CrowdsecDecision[] {
  const revisions = new Map<Decision, number>();
  for (const { decision, revision } of view.ledger.served()) {
    if (isAskedFor(decision, view.query, view.types)) revisions.set(decision, revision);
  }
  // Reduced before the cursor is minded: a shorter one that came later must not shorten a longer one.
  return (view.query.dedup ? longest(revisions.keys()) : [...revisions.keys()])
    .filter((decision) => cursor === undefined || (revisions.get(decision) ?? 0) > cursor.revision)
    .map((decision) => written(decision, decision.until - view.now));
}

/**
 * The `deleted` of a stream: what ended since the cursor, or all that ended within a day. An end is
 * withheld while a decision at least as hard holds on the same target, since some bouncers know one
 * decision for each value: they would let in whoever is still banned.
 */
export function deletedDecisions(view: CrowdsecView, cursor: StreamCursor | undefined): CrowdsecDecision[] {
  const { ledger, query, types, now } = view;
  const ended: Decision[] = [];
  const endedAt = new Map<Decision, number>();
  for (const end of ledger.noLongerServed()) {
    const isNews = cursor === undefined || end.revision > cursor.revision || end.endedAt >= cursor.time - overlapMs;
    if (!isNews || !isAskedFor(end.decision, query, types)) continue;
    ended.push(end.decision);
    endedAt.set(end.decision, end.endedAt);
  }
  const stillHeld = hardestHeld(view);
  const told = ended.filter((decision) => {
    const held = stillHeld.get(targetKey(decision));
    return !query.dedup || held === undefined || isHarder(decision.action, held);
  });
  return (query.dedup ? longest(told) : told).map((decision) =>
    written(decision, Math.min((endedAt.get(decision) ?? now) - now, -1)),
  );
}

// helpers

/** The hardest action that bouncers are told of, for each target that has one. */
function hardestHeld({ ledger, types }: CrowdsecView): Map<string, Action> {
  const held = new Map<string, Action>();
  for (const { decision } of ledger.served()) {
    if (!types.includes(decision.action)) continue;
    const key = targetKey(decision);
    const known = held.get(key);
    if (known === undefined || isHarder(decision.action, known)) held.set(key, decision.action);
  }
  return held;
}

/** Of the decisions with the same scope, type and value only the one that lasts longest. */
function longest(decisions: Iterable<Decision>): Decision[] {
  const byKey = new Map<string, Decision>();
  for (const decision of decisions) {
    const key = `${decision.action} ${targetKey(decision)}`;
    const known = byKey.get(key);
    if (!known || decision.until > known.until) byKey.set(key, decision);
  }
  return [...byKey.values()];
}

function written(decision: Decision, leftMs: number): CrowdsecDecision {
  return {
    id: decision.id,
    uuid: decision.uuid,
    origin: originOf(decision),
    type: decision.action,
    scope: scopeNames[decision.scope] ?? decision.scope,
    value: decision.value,
    duration: goDuration(leftMs),
    scenario: scenarioOf(decision),
  };
}
