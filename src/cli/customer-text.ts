import type { CustomerCounts } from "../detect/trial-report.ts";
import type { BlockedTarget } from "../replay/backtest-version.ts";

const weight = { bought: 2, signedIn: 1, neither: 0 } as const;

/** ` (2 had bought, 1 had signed in before)`; nothing where none had. */
export function customersText({ bought, signedIn }: CustomerCounts): string {
  if (bought + signedIn === 0) return "";
  const parts = [bought > 0 && `${bought} had bought`, signedIn > 0 && `${signedIn} had signed in`];
  return ` (${parts.filter(Boolean).join(", ")} before)`;
}

/** Those who had bought, then those who had signed in, then the others: customers are why one looks. */
export function customersFirst(targets: readonly BlockedTarget[]): BlockedTarget[] {
  return targets.toSorted((a, b) => weight[b.standing ?? "neither"] - weight[a.standing ?? "neither"]);
}

/** `ip 203.0.113.7, who had bought`. */
export function targetText({ scope, value, standing }: BlockedTarget): string {
  const had = { bought: ", who had bought", signedIn: ", who had signed in", neither: "" } as const;
  return `${scope} ${value}${had[standing ?? "neither"]}`;
}
