import type { DetectorDefinition } from "./define-detector.ts";
import type { Confidence } from "./detection.ts";
import type { JudgeContext } from "./judge-context.ts";

/** So many times its floor, a detector alone is sure enough for an automatic block; half of that is in between. */
const sureAt = 3;
const likelyAt = 1.5;

/** What a detector fired on. */
interface Judged {
  readonly figures: Readonly<Record<string, unknown>>;
  readonly params: Record<string, unknown>;
  readonly context: JudgeContext;
}

/** How sure one detector is that is so many times over its floor. */
export function confidenceOf(strength: number): Confidence {
  if (strength >= sureAt) return "high";
  return strength >= likelyAt ? "medium" : "low";
}

/**
 * How many times over its floor a detector is that fires: what its own `strength` says, else its first
 * counter over its `floor`, else 1. At least 1, with two decimals. Throws what `strength` throws.
 */
export function strengthOf(definition: DetectorDefinition, { figures, params, context }: Judged): number {
  const own = definition.strength?.(figures as never, params, context);
  const strength = own ?? firstNumber(figures) / (definition.floor?.(params) ?? Infinity);
  return Number.isFinite(strength) ? Math.max(1, Math.round(strength * 100) / 100) : 1;
}

/**
 * What a detector's findings are a sign of. Two detectors confirm one another only where these differ:
 * those that count the same events would be sure of the same mistake.
 */
export function signalOf({ signal, where }: DetectorDefinition): string {
  if (signal !== undefined) return signal;
  const [outcome, ...more] = where.outcome ?? [];
  if (more.length === 0 && (outcome === "limited" || outcome === "denied")) return outcome;
  return where.endpointClass?.[0] ?? "requests";
}

function firstNumber(figures: Readonly<Record<string, unknown>>): number {
  const [first] = Object.values(figures);
  return typeof first === "number" ? first : 0;
}
