import type { BacktestFinding } from "../replay/backtest-finding.ts";
import type { BlockedTarget } from "../replay/backtest-version.ts";
import type { VersionComparison } from "../replay/compare-versions.ts";
import { customersFirst, customersText, targetText } from "./customer-text.ts";
import { amount, clockTime, instant, type Section, table } from "./text-layout.ts";

/** Of each kind; `--json` has all. */
const shownOfEach = 10;

/** What differs between two versions, for people. */
export function comparisonSections({ first, second, detectors, blocks }: VersionComparison): Section[] {
  const differing = detectors.filter(({ onlyFirst, onlySecond }) => onlyFirst.length + onlySecond.length > 0);
  const rows = differing.map(({ detector, both, onlyFirst, onlySecond }) => [
    detector,
    ...[both, onlyFirst.length, onlySecond.length].map(String),
  ]);
  const alike = detectors.length - differing.length;
  const lines = rows.length === 0 ? [] : table([["", "both", `only ${first}`, `only ${second}`], ...rows]);
  if (alike > 0) lines.push(`${amount(alike, "detector")} found the same with both`);
  const only = (side: "onlyFirst" | "onlySecond") => detectors.flatMap((one) => one[side]);
  return [
    { title: rows.length === 0 ? "Found: no difference" : "Found", lines },
    ...findingSection(`Only ${first}`, only("onlyFirst")),
    ...findingSection(`Only ${second}`, only("onlySecond")),
    {
      title: `Blocks: ${blocks.both.all} in both${customersText(blocks.both)}, ${blocks.gained.all} gained with ${second}${customersText(blocks.gained)}, ${blocks.lost.all} lost${customersText(blocks.lost)}`,
      lines: [...targetLines("gained", blocks.gained.targets), ...targetLines("lost", blocks.lost.targets)],
    },
  ];
}

// helpers

function findingSection(title: string, findings: readonly BacktestFinding[]): Section[] {
  if (findings.length === 0) return [];
  const lines = findings.slice(0, shownOfEach).map(({ detector, severity, firstSeen, lastSeen, key, wouldBlock }) => {
    const keys = Object.entries(key).map(([name, value]) => `${name} ${value}`);
    return `${severity}  ${instant(firstSeen)} to ${clockTime(lastSeen)}  ${detector}  ${keys.join(", ")}${wouldBlock ? ", blocked" : ""}`;
  });
  const more = findings.length - shownOfEach;
  return [{ title: `${title}: ${findings.length}`, lines: more > 0 ? [...lines, `and ${more} more`] : lines }];
}

function targetLines(what: string, targets: readonly BlockedTarget[]): string[] {
  const shown = customersFirst(targets).slice(0, shownOfEach);
  const lines = shown.map((target) => `${what}: ${targetText(target)} (${target.detectors.join(", ")})`);
  const more = targets.length - shownOfEach;
  return more > 0 ? [...lines, `and ${more} more ${what}`] : lines;
}
