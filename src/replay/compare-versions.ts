import type { CustomerCounts } from "../detect/trial-report.ts";
import type { BacktestFinding } from "./backtest-finding.ts";
import type { BlockedTarget, VersionReport } from "./backtest-version.ts";

/** What two versions of one detector found. */
export interface ComparedDetector {
  readonly detector: string;
  readonly both: number;
  readonly onlyFirst: readonly BacktestFinding[];
  readonly onlySecond: readonly BacktestFinding[];
}

/** How a second version of the rules differs from the first, over the same events. */
export interface VersionComparison {
  readonly first: string;
  readonly second: string;
  /** Those that found anything in either. */
  readonly detectors: readonly ComparedDetector[];
  readonly blocks: {
    readonly both: CustomerCounts;
    /** Blocked by the second alone; by the first alone. */
    readonly gained: CustomerCounts & { readonly targets: readonly BlockedTarget[] };
    readonly lost: CustomerCounts & { readonly targets: readonly BlockedTarget[] };
  };
}

/**
 * Compares what was found by detector, key and time: other thresholds make a detection begin at another
 * moment, which is no other detection.
 */
export function compareVersions(first: VersionReport, second: VersionReport): VersionComparison {
  const inFirst = Map.groupBy(first.findings, placeOf);
  const inSecond = Map.groupBy(second.findings, placeOf);
  const onlyFirst = first.findings.filter((one) => !isAmong(one, inSecond));
  const onlySecond = second.findings.filter((one) => !isAmong(one, inFirst));
  const ids = [...new Set([...first.findings, ...second.findings].map(({ detector }) => detector))].sort();
  const of = (some: readonly BacktestFinding[], id: string) => some.filter(({ detector }) => detector === id);
  const blockedFirst = new Set(first.blocked.map(nameOf));
  const blockedSecond = new Set(second.blocked.map(nameOf));
  const gained = second.blocked.filter((target) => !blockedFirst.has(nameOf(target)));
  const lost = first.blocked.filter((target) => !blockedSecond.has(nameOf(target)));
  return {
    first: first.name,
    second: second.name,
    detectors: ids.map((detector) => ({
      detector,
      both: of(first.findings, detector).length - of(onlyFirst, detector).length,
      onlyFirst: of(onlyFirst, detector),
      onlySecond: of(onlySecond, detector),
    })),
    blocks: {
      both: countStandings(first.blocked.filter((target) => blockedSecond.has(nameOf(target)))),
      gained: { ...countStandings(gained), targets: gained },
      lost: { ...countStandings(lost), targets: lost },
    },
  };
}

/** Whether the two differ in what is found or in who is blocked. */
export function isChanged({ detectors, blocks }: VersionComparison): boolean {
  const found = detectors.some(({ onlyFirst, onlySecond }) => onlyFirst.length > 0 || onlySecond.length > 0);
  return found || blocks.gained.all > 0 || blocks.lost.all > 0;
}

export function countStandings(targets: readonly BlockedTarget[]): CustomerCounts {
  return {
    all: targets.length,
    bought: targets.filter(({ standing }) => standing === "bought").length,
    signedIn: targets.filter(({ standing }) => standing === "signedIn").length,
  };
}

// helpers

function placeOf({ detector, key }: BacktestFinding): string {
  return JSON.stringify([detector, key]);
}

/** Whether the other version found the same at the same time. */
function isAmong(one: BacktestFinding, others: ReadonlyMap<string, readonly BacktestFinding[]>): boolean {
  return (others.get(placeOf(one)) ?? []).some(
    (other) => other.firstSeen <= one.lastSeen && one.firstSeen <= other.lastSeen,
  );
}

function nameOf({ scope, value }: BlockedTarget): string {
  return `${scope} ${value}`;
}
