import type { RunbookBlock } from "../incident/runbook.ts";
import type { BlockConfig } from "./block-config.ts";
import type { Action, Decision, Verdict } from "./decision.ts";
import type { Candidate, GuardFacts } from "./guard-rule.ts";
import { guardRules } from "./guard-rules.ts";
import { isHarder } from "./target-index.ts";

/** What came of it. `because`: the verdicts that tipped it; empty when every rule said yes. */
export interface Judgement {
  readonly state: "active" | "asked" | "refused";
  readonly action: Action;
  readonly because: readonly Verdict[];
}

/** What every rule says of a candidate, in their order. */
export function judge(candidate: Candidate, facts: GuardFacts): Verdict[] {
  return guardRules.map((rule) => ({ rule: rule.id, ...rule.judge(candidate, facts) }));
}

/**
 * What all verdicts come to: one no refuses it; else one that asks leaves it to a person; else
 * `softer` takes the runbook's softer action, and asks where it has none.
 */
export function decide(verdicts: readonly Verdict[], block: RunbookBlock): Judgement {
  const saying = (says: Verdict["says"]) => verdicts.filter((verdict) => verdict.says === says);
  const [no, ask, softer] = [saying("no"), saying("ask"), saying("softer")];
  if (no.length > 0) return { state: "refused", action: block.action, because: no };
  if (ask.length > 0) return { state: "asked", action: block.action, because: [...ask, ...softer] };
  if (softer.length === 0) return { state: "active", action: block.action, because: [] };
  const isSofter = block.softer !== undefined && isHarder(block.action, block.softer);
  return { state: isSofter ? "active" : "asked", action: isSofter ? block.softer : block.action, because: softer };
}

/** Who wants this only listed and served to nobody, if anyone. */
export function dryRunBy(
  candidate: Candidate,
  mode: BlockConfig["mode"],
): "service" | "runbook" | "detector" | undefined {
  if (mode === "observe") return "service";
  if (candidate.block.dryRun) return "runbook";
  return candidate.detection.mode === "dry-run" ? "detector" : undefined;
}

/** The verdicts as one sentence, for a timeline. */
export function reasonsOf(verdicts: readonly Verdict[]): string {
  return verdicts.map((verdict) => verdict.reason).join("; ");
}

/** What a person's yes adds to the verdicts. */
export function confirmedBy(decision: Decision, by: string): readonly Verdict[] {
  return [...decision.verdicts, { rule: "person", says: "yes", reason: `confirmed by ${by}` }];
}
