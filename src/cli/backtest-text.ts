import type { CustomerCounts, TrialHits, TrialReport } from "../detect/trial-report.ts";
import { countStandings } from "../replay/compare-versions.ts";
import { comparisonSections } from "./backtest-comparison-text.ts";
import type { BacktestReport } from "./backtest-report.ts";
import { thresholdLines } from "./backtest-threshold-text.ts";
import { customersFirst, customersText, targetText } from "./customer-text.ts";
import { terminalText } from "./terminal-text.ts";
import { amount, clockTime, instant, type Section } from "./text-layout.ts";

/** Of each kind; `--json` has all. */
const findingsShown = 3;
const blockedShown = 10;

type Version = BacktestReport["versions"][number];

/** The report for people, as text for a terminal. */
export function backtestText(report: BacktestReport): string {
  const { versions, comparison, input, warnings } = report;
  const sections: Section[] = [
    { title: `Read: ${input.label}`, lines: [...inputLines(report), ...warnings] },
    ...versions.flatMap((version) => versionSections(version, versions.length > 1)),
    ...(comparison ? comparisonSections(comparison) : []),
    { title: "Nothing was started, sent or written.", lines: [] },
  ];
  return sections
    .map(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)].map(terminalText).join("\n"))
    .join("\n\n")
    .concat("\n");
}

// helpers

function inputLines({ input, versions }: BacktestReport): string[] {
  const { span, late } = versions[0]!;
  return [
    `${amount(input.read, "event")}, ${input.rejected.toLocaleString("en")} not understood` +
      (late === 0 ? "" : `, ${late.toLocaleString("en")} too far out of order`),
    ...(span === undefined ? [] : [`${instant(span.from)} to ${instant(span.to)} (UTC)`]),
    ...input.brokenOff.map(([what, why]) => `${what} was not read to its end: ${why}`),
  ];
}

function versionSections(version: Version, isOneOfTwo: boolean): Section[] {
  const { findings, moreFindings, blocked, trials, label, detectors } = version;
  const counts = countStandings(blocked);
  const which = isOneOfTwo ? `With ${label}` : `As ${label} ${label === "the defaults" ? "are" : "says"}`;
  const found = amount(findings.length + moreFindings, "detection");
  const who = counts.all === 0 ? "nobody blocked" : `${counts.all} blocked${customersText(counts)}`;
  const title = `${which}: ${found}, ${who}`;
  const telling = trials.filter(({ detections }) => detections > 0).toSorted(byHarm);
  // How they differ follows, and is what one wants to know of two.
  if (isOneOfTwo) return [{ title, lines: [] }];
  const isAlone = detectors.length === 1;
  const silent = trials.filter(({ detections }) => detections === 0);
  const nearly = isAlone
    ? silent.map((trial) => ({ title: titleOf(trial), lines: thresholdLines(trial, { isAlone }) }))
    : [{ title: "Found nothing, though keys came near", lines: silent.flatMap(nearLine) }];
  return [
    { title, lines: blockedLines(version) },
    ...telling.map((trial) => ({ title: titleOf(trial), lines: trialLines(trial, { findings, isAlone }) })),
    ...nearly.filter(({ lines }) => lines.length > 0),
  ];
}

function blockedLines({ blocked }: Version): string[] {
  const shown = customersFirst(blocked).slice(0, blockedShown);
  const lines = shown.map((target) => `${targetText(target)}: ${hitText(target.hit)} (${target.detectors.join(", ")})`);
  const more = blocked.length - blockedShown;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** Those that would have blocked customers first, then those that would have blocked, then those that found most. */
function byHarm(a: TrialReport, b: TrialReport): number {
  const customers = ({ blocks }: TrialReport) => blocks.blocked.bought + blocks.blocked.signedIn;
  return customers(b) - customers(a) || b.blocks.blocked.all - a.blocks.blocked.all || b.detections - a.detections;
}

function nearLine({ detector, suggestions }: TrialReport): string[] {
  const [first] = suggestions;
  return first ? [`${detector}: ${first.text}`] : [];
}

function titleOf({ detector, title, detections }: TrialReport): string {
  return `${title} (${detector}): ${detections === 0 ? "nothing found" : amount(detections, "detection")}`;
}

function trialLines(
  trial: TrialReport,
  { findings, isAlone }: { readonly findings: Version["findings"]; readonly isAlone: boolean },
): string[] {
  const { detector, people, blocks, leftOut } = trial;
  const own = findings.filter((finding) => finding.detector === detector);
  const shown = own.slice(0, findingsShown).map(({ severity, confidence, firstSeen, lastSeen, key, counters }) => {
    const keys = Object.entries(key).map(([name, value]) => `${name} ${value}`);
    const figures = Object.entries(counters).map(([name, value]) => `${name} ${value ?? "unknown"}`);
    return `  ${severity}, ${confidence} confidence, ${instant(firstSeen)} to ${clockTime(lastSeen)}, ${keys.join(", ")}: ${figures.join(", ")}`;
  });
  if (own.length > findingsShown) shown.push(`  and ${own.length - findingsShown} more; --json lists all`);
  const refusals = Object.entries(blocks.refusedBy).map(([rule, times]) => `${rule} ${times}`);
  const told = (what: string, counts: CustomerCounts) =>
    counts.all === 0 ? [] : [`${what} ${counts.all}${customersText(counts)}`];
  return [
    ...(people.bought + people.signedIn > 0 ? [`about ${people.all} clients or users${customersText(people)}`] : []),
    ...shown,
    ...told("would have blocked", blocks.blocked).map((line) => `${line}; ${hitText(blocks.hit)}`),
    ...told("would have blocked and taken back within seconds", blocks.withdrawn),
    ...told("would have asked a person about", blocks.asked),
    ...told("the guard would have refused", blocks.refused),
    ...(refusals.length === 0 ? [] : [`  by its rules: ${refusals.join(", ")}`]),
    ...thresholdLines(trial, { isAlone }),
    ...(leftOut === 0 ? [] : [`${amount(leftOut, "key")} came near and could not be followed: there were too many`]),
  ];
}

function hitText({ requests, succeeded, signedIn, bought }: TrialHits): string {
  if (requests === 0) return "no further request came";
  if (succeeded === 0) return `${amount(requests, "request")} refused, none of which succeeded`;
  const parts = [signedIn > 0 && amount(signedIn, "sign-in"), bought > 0 && `${bought} of a purchase`].filter(Boolean);
  const which = parts.length === 0 ? "" : ` (${parts.join(", ")})`;
  return `${amount(requests, "request")} refused, of which ${succeeded.toLocaleString("en")} succeeded${which}`;
}
