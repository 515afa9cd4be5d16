import type { VersionReport } from "../replay/backtest-version.ts";
import { countStandings, isChanged, type VersionComparison } from "../replay/compare-versions.ts";
import type { Expectation } from "./backtest-options.ts";
import { amount } from "./text-layout.ts";

/** What `gatewatch backtest` found out. */
export interface BacktestReport {
  readonly input: {
    readonly label: string;
    /** Log entries, or kept requests, that were understood. */
    readonly read: number;
    readonly rejected: number;
    readonly brokenOff: readonly (readonly [what: string, why: string])[];
  };
  readonly versions: readonly (VersionReport & { readonly label: string })[];
  readonly comparison: VersionComparison | undefined;
  readonly warnings: readonly string[];
}

/** A sentence for each expectation that failed; with two versions, of the second. */
export function failures({ versions, comparison }: BacktestReport, failOn: readonly Expectation[]): string[] {
  const last = versions.at(-1)!;
  const blocked = countStandings(last.blocked);
  const customers = blocked.bought + blocked.signedIn;
  const found = last.findings.length + last.moreFindings;
  const failed: Record<Expectation, string | undefined> = {
    detections: found === 0 ? undefined : `detections: ${amount(found, "detection")}`,
    blocks: blocked.all === 0 ? undefined : `blocks: ${blocked.all} would have been blocked`,
    "customers-blocked":
      customers === 0 ? undefined : `customers-blocked: ${customers} of those had bought or signed in before`,
    changes: comparison && isChanged(comparison) ? `changes: ${changesText(comparison)}` : undefined,
  };
  return failOn.flatMap((one) => failed[one] ?? []).map((why) => `Expectation failed: ${why}.`);
}

// helpers

function changesText({ detectors, blocks }: VersionComparison): string {
  const only = (side: "onlyFirst" | "onlySecond") => detectors.reduce((sum, one) => sum + one[side].length, 0);
  return `${amount(only("onlySecond"), "detection")} more, ${only("onlyFirst")} fewer; ${amount(blocks.gained.all, "block")} more, ${blocks.lost.all} fewer`;
}
