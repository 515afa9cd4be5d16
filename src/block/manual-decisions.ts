import type { Clock } from "../clock.ts";
import type { Target } from "../detect/detection.ts";
import type { AllowList } from "./allow-list.ts";
import type { Network } from "./address.ts";
import type { BlockConfig } from "./block-config.ts";
import type { Action, Decision } from "./decision.ts";
import { confirmedBy } from "./guard.ts";
import type { DecisionLedger } from "./ledger.ts";
import type { NetworkList } from "./network-list.ts";
import { specialKind } from "./special-networks.ts";
import { canonicalTarget, targetNetwork } from "./target.ts";

/** What a person wants blocked. */
export interface NewDecision extends Target {
  readonly action: Action;
  readonly forMs: number;
  readonly reason: string;
  readonly by: string;
}

/** What became of what a person asked for. `unknown`: there is no such decision. */
export type DecisionResult =
  | { readonly kind: "done"; readonly value: Decision }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly reason: string };

/** A person may block more than a runbook, but not half the internet by a slip of the finger. */
const widestByHand = { 4: 8, 6: 19 } as const;
/** A year: whoever has to stay out for longer belongs in the gateway's own configuration. */
const longestByHand = 366 * 86_400_000;
const maxReasonLength = 1000;

/** What a person's block needs to know. */
export interface ManualOptions {
  readonly clock: Clock;
  readonly ledger: DecisionLedger;
  readonly uuid: () => string;
  readonly allow: AllowList;
  readonly own: NetworkList;
  readonly mode: BlockConfig["mode"];
}

/** A decision by hand, not yet saved; or why not. People aren't asked to confirm what they do themselves. */
export function draftByHand(wanted: NewDecision, options: ManualOptions): DecisionResult {
  const target = canonicalTarget(wanted);
  if (!target) return refused(`${wanted.scope} is not of this form`);
  if (!(wanted.forMs > 0) || wanted.forMs > longestByHand) return refused("a decision lasts up to 366 days");
  const objection = objectionTo(target, options);
  if (objection !== undefined) return refused(objection);
  if (options.ledger.full) return refused("the ledger is full");
  const now = options.clock.now();
  const dryRun = options.mode === "observe";
  return {
    kind: "done",
    value: {
      ...target,
      id: options.ledger.nextId(),
      uuid: options.uuid(),
      version: 1,
      action: wanted.action,
      createdAt: now,
      until: now + wanted.forMs,
      origin: "manual",
      incident: undefined,
      detection: undefined,
      runbook: undefined,
      reason: wanted.reason.slice(0, maxReasonLength),
      dryRun,
      repeat: 0,
      state: "active",
      verdicts: [{ rule: "person", says: "yes", reason: `added by ${wanted.by}` }],
      liftedBy: undefined,
      liftedAt: undefined,
      ...(dryRun ? {} : { servedAt: now }),
    },
  };
}

/** The same decision, standing because a person said so; it lasts as long as was asked for. */
export function confirmed(decision: Decision, by: string, now: number): DecisionResult {
  if (decision.state !== "asked") return refused(`it is ${decision.state}, and waits for nobody`);
  return {
    kind: "done",
    value: {
      ...decision,
      version: decision.version + 1,
      state: "active",
      until: now + (decision.until - decision.createdAt),
      verdicts: confirmedBy(decision, by),
      ...(decision.dryRun ? {} : { servedAt: now }),
    },
  };
}

/** The same decision, ended before its time. `gatewatch` as `by`: no person did it. */
export function lifted(
  decision: Decision,
  how: { readonly by: string; readonly reason: string; readonly at: number; readonly hit: Decision["wouldHaveHit"] },
): Decision {
  return {
    ...decision,
    version: decision.version + 1,
    state: "lifted",
    liftedBy: how.by,
    liftedAt: how.at,
    liftReason: how.reason.slice(0, maxReasonLength),
    ...(how.hit ? { wouldHaveHit: how.hit } : {}),
  };
}

// helpers

function objectionTo(target: Target, { allow, own }: ManualOptions): string | undefined {
  const entry = allow.entryFor(target);
  if (entry !== undefined && entry !== "unknown") return `allow-listed by ${entry.entry}`;
  const network = targetNetwork(target);
  return network && networkObjection(network, own);
}

function networkObjection(network: Network, own: NetworkList): string | undefined {
  const special = specialKind(network);
  if (special !== undefined) return `${special}: not clients on the internet`;
  const ours = own.touching(network);
  if (ours !== undefined) return `${ours} is a proxy or gateway of ours`;
  const widest = widestByHand[network.version];
  return network.prefix < widest ? `wider than /${widest}` : undefined;
}

function refused(reason: string): DecisionResult {
  return { kind: "refused", reason };
}
