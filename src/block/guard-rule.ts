import type { Detection, Target } from "../detect/detection.ts";
import type { RunbookBlock } from "../incident/runbook.ts";
import type { AllowList } from "./allow-list.ts";
import type { BlockConfig } from "./block-config.ts";
import type { TrafficFacts, Verdict } from "./decision.ts";
import type { NetworkList } from "./network-list.ts";
import type { RecentSummary } from "./recent-blocks.ts";

/** Someone whom a runbook would block, and what for. The target is canonical. */
export interface Candidate {
  readonly target: Target;
  readonly detection: Detection;
  readonly block: RunbookBlock;
}

/** All that the guard looks at. Times are epoch ms. */
export interface GuardFacts {
  readonly now: number;
  readonly limits: BlockConfig["guard"];
  readonly allow: AllowList;
  /** Trusted proxies, and the gateways' own addresses. */
  readonly own: NetworkList;
  /** Networks of CDNs and clouds that are known, whether they stand before us or not. */
  readonly providers: NetworkList;
  readonly traffic: TrafficFacts;
  readonly recent: RecentSummary;
  /** When a person last let this target in. */
  readonly letInAt: number | undefined;
  /** When a wave of blocks was last lifted because checkouts dropped. */
  readonly waveLiftedAt: number | undefined;
  readonly ledgerFull: boolean;
  /** Other detectors that watch something else and named the same target lately. */
  readonly confirming: readonly string[];
}

/** One rule of the guard. A rule that lacks its fact never says yes. */
export interface GuardRule {
  /** A metric label. */
  readonly id: string;
  judge(candidate: Candidate, facts: GuardFacts): Omit<Verdict, "rule">;
}
