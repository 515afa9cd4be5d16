import { GatewatchError } from "../errors.ts";
import type { VersionReport } from "../replay/backtest-version.ts";
import { compareVersions } from "../replay/compare-versions.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import type { BacktestInput, RecordInput } from "./backtest-input.ts";
import type { BacktestOptions } from "./backtest-options.ts";
import { readTimeRange, type TimeRange } from "./backtest-range.ts";
import { type BacktestReport, failures } from "./backtest-report.ts";
import { backtestText } from "./backtest-text.ts";
import { BatchFanout } from "./batch-fanout.ts";
import type { CliContext } from "./cli-context.ts";
import { EventMerge } from "./event-merge.ts";
import { findInput } from "./find-input.ts";
import { prepareVersions, type PreparedVersion } from "./prepare-versions.ts";
import { ProgressBar } from "./progress-bar.ts";
import { checkFormat, checkTimeZone, nothingUnderstood } from "./read-logs.ts";
import { amount } from "./text-layout.ts";
import { terminalJsonLine } from "./terminal-json.ts";
import { showProgress } from "./try-progress.ts";

const showEveryMs = 250;

/**
 * `gatewatch backtest`: what detectors, or other thresholds, would have found in what was recorded, and
 * whom they would have blocked. Starts nothing, sends nothing, and leaves what it reads as it is.
 * Returns 0, or 1 when something came about that `failOn` names.
 */
export async function runBacktest(options: BacktestOptions, context: CliContext): Promise<number> {
  const versions = await prepareVersions(options, context);
  checkFormat(options.format, versions[0]!.config);
  checkTimeZone(options.timeZone);
  if (options.failOn.includes("changes") && versions.length === 1) {
    throw new GatewatchError("CONFIG_INVALID", "--fail-on changes needs a second version.", {
      remedy: "Name one with --against or --set.",
    });
  }
  const range = readTimeRange(options, context.clock.now());
  const input = await findInput(options, { range, context });
  const lines = await readAll(input, { versions, range }, context);
  for (const { version } of versions) version.finish();
  const reports = versions.map(({ version }) => version.report());
  const [first, second] = reports;
  const report: BacktestReport = {
    input: { label: input.label, brokenOff: [...input.brokenOff], ...lines },
    versions: reports.map((one, i) => ({ ...one, label: versions[i]!.label })),
    comparison: second && compareVersions(first!, second),
    warnings: await warningsOf(versions, reports),
  };
  if (options.json) printFindings(report, context);
  else context.stdout(backtestText(report));
  if (lines.read === 0) throw nothingUnderstood(lines.rejected);
  const failed = failures(report, options.failOn);
  if (failed.length > 0) context.stderr(`${failed.join("\n")}\n`);
  return failed.length > 0 ? 1 : 0;
}

// helpers

/** Reads everything once, and gives it to every version. */
async function readAll(
  input: BacktestInput,
  { versions, range }: { readonly versions: readonly PreparedVersion[]; readonly range: TimeRange },
  context: CliContext,
): Promise<{ read: number; rejected: number }> {
  const { from = -Infinity, to = Infinity } = input.isCut ? {} : range;
  const counts = { read: 0, rejected: 0 };
  const end = progressOf(input, () => counts.read, context);
  const giveTo = (some: readonly PreparedVersion[]) => (event: AccessEvent, writtenAt: number) => {
    if (event.time < from || event.time >= to) return;
    for (const { version } of some) version.take(event, writtenAt);
  };
  try {
    if (input.kind === "records") await readRecords(input, { versions, giveTo, counts });
    else {
      const give = giveTo(versions);
      await input.read((events) => {
        counts.read += events.length;
        for (const event of events) give(event, event.time);
      });
    }
  } finally {
    end();
  }
  return counts;
}

/** Lines are read anew only for versions that read them differently. */
async function readRecords(
  input: RecordInput,
  of: {
    readonly versions: readonly PreparedVersion[];
    readonly giveTo: (some: readonly PreparedVersion[]) => (event: AccessEvent, writtenAt: number) => void;
    readonly counts: { read: number; rejected: number };
  },
): Promise<void> {
  const alike = [...Map.groupBy(of.versions, ({ readsAs }) => readsAs).values()];
  const merges = alike.map((some, i) => {
    const normalizer = some[0]!.createNormalizer(input.sources);
    return new EventMerge({
      read(batch) {
        const { events, rejected } = normalizer.normalize(batch);
        if (i === 0) {
          of.counts.read += events.length;
          of.counts.rejected += rejected.length;
        }
        return events;
      },
      take: of.giveTo(some),
    });
  });
  await input.read(merges.length === 1 ? merges[0]! : new BatchFanout(merges));
}

function progressOf(input: BacktestInput, lines: () => number, context: CliContext): () => void {
  const { amount } = input;
  if (amount === undefined || !context.stderrIsTerminal) return showProgress(lines, context);
  const bar = new ProgressBar(amount.total, context, amount.unit);
  const cancel = context.clock.every(showEveryMs, () => bar.show(amount.done()));
  return () => {
    cancel();
    bar.end();
  };
}

/** What a person should know besides what was found. */
async function warningsOf(
  versions: readonly PreparedVersion[],
  reports: readonly VersionReport[],
): Promise<readonly string[]> {
  const clamped = Math.max(...(await Promise.all(versions.map((version) => version.clamped()))));
  const blind = reports[0]!.detectors.filter(({ coverage }) => coverage.state === "blind").map(({ id }) => id);
  const [findings, blocks] = (["moreFindings", "moreBlocks"] as const).map((more) =>
    reports.reduce((sum, report) => sum + report[more], 0),
  );
  return [
    ...new Set(versions.flatMap(({ warnings }) => warnings)),
    ...(clamped > 0 ? [`${amount(clamped, "line")} lay in the future of this machine and were taken as written now: what is found in them is not right`] : []),
    ...(blind.length > 0 ? [`Blind here, since the log lacks what they need (gatewatch try tells what): ${blind.join(", ")}`] : []),
    ...(findings! > 0 ? [`${amount(findings!, "more detection")} are counted, not listed`] : []),
    ...(blocks! > 0 ? [`${amount(blocks!, "more block")} were not followed`] : []),
  ]; // prettier-ignore
}

/** Nothing else is on standard output; what a person should know besides goes to standard error. */
function printFindings({ versions, input, warnings }: BacktestReport, { stdout, stderr }: CliContext): void {
  const several = versions.length > 1;
  for (const { name, findings } of versions) {
    for (const finding of findings) stdout(terminalJsonLine(several ? { ...finding, version: name } : finding));
  }
  for (const [what, why] of input.brokenOff) stderr(`${what} was not read to its end: ${why}\n`);
  for (const warning of warnings) stderr(`${warning}\n`);
}
