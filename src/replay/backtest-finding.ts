import type { Confidence, Detection, Severity, Target } from "../detect/detection.ts";
import type { GuardAnswer } from "./guard-answers.ts";

/** One detection, as `gatewatch backtest --json` prints it. Times are event times, epoch ms. */
export interface BacktestFinding {
  readonly id: string;
  readonly detector: string;
  readonly key: Readonly<Record<string, string>>;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly firstSeen: number;
  readonly firedAt: number;
  readonly lastSeen: number;
  readonly counters: Readonly<Record<string, number | null>>;
  /** Whom a runbook may block: one, a list where there are several, `null` where there is nobody. */
  readonly target: Target | readonly Target[] | null;
  /** The runbook would have had one of them blocked, and the guard agreed. */
  readonly wouldBlock: boolean;
  /** Rules of the guard that said no, or that a person has to be asked; empty when it would have blocked. */
  readonly refusedBy: readonly string[];
}

export function backtestFinding(detection: Detection, answers: readonly GuardAnswer[]): BacktestFinding {
  const { id, detector, key, severity, confidence, firstSeen, firedAt, lastSeen, counters, targets } = detection;
  const wouldBlock = answers.some(({ state }) => state === "active");
  return {
    ...{ id, detector, key, severity, confidence, firstSeen, firedAt, lastSeen, counters },
    target: targets.length > 1 ? targets : (targets[0] ?? null),
    wouldBlock,
    refusedBy: wouldBlock ? [] : [...new Set(answers.flatMap(({ refusedBy }) => refusedBy))],
  };
}
