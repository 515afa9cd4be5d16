import type { KindScore, Quantiles, Score } from "../src/score/scorecard.ts";
import { type LogKind, logKinds } from "../src/score/log-kind.ts";
import type { ScoreLists } from "../src/score/score-lists.ts";

/** What `gatewatch score --json` prints, as far as the docs show it. */
export type PrintedScore = Partial<KindScore> &
  ScoreLists & { readonly seeds: number; readonly kinds: Readonly<Partial<Record<LogKind, KindScore>>> };

/** One kind of log, and the run that it is from. */
export interface MeasuredKind {
  readonly kind: LogKind;
  readonly score: KindScore;
  readonly seeds: number;
  readonly lists: ScoreLists;
}

/** The kinds of several runs, in the order of the docs. A later run of a kind takes the place of an earlier one. */
export function measuredKinds(printed: readonly PrintedScore[]): MeasuredKind[] {
  const found = new Map<LogKind, MeasuredKind>();
  for (const one of printed) {
    const scores = { ...one.kinds, ...(one.recall && { enriched: one as KindScore }) };
    for (const kind of logKinds) {
      const score = scores[kind];
      if (score) found.set(kind, { kind, score, seeds: one.seeds, lists: one });
    }
  }
  return logKinds.flatMap((kind) => found.get(kind) ?? []);
}

/** The table of the marks, by kind of log. */
export function marksTable(kinds: readonly MeasuredKind[]): string {
  return table([
    ["logs", ...kinds.map(({ kind, seeds }) => `${kind}, ${seeds} ${seeds === 1 ? "seed" : "seeds"}`)],
    row("blocks: right, wrong", ({ blocks }) => `${blocks.right}, ${blocks.wrong}`),
    row("wrong blocks for a million client-days", (s) => figure(s.wrongBlocksPerMillionClientDays)),
    row("found at 10 times the floor", ({ recall }) => share(recall["10"])),
    row("at 3 times", ({ recall }) => share(recall["3"])),
    row("at 1.2 times", ({ recall }) => share(recall["1.2"])),
    row("at 0.8 times: should be 0", ({ recall }) => share(recall["0.8"])),
    row("detections: right, beside, wrong", ({ detections: d }) => `${d.right}, ${d.beside}, ${d.wrong}`),
    row("alerts for each attack", (s) => figure(s.alertsPerAttack)),
    row("delay after the floor: half, 95 % (s)", (s) => range(s.delaySeconds)),
    row("a payment outage is told after (s)", (s) => figure(s.stormSeconds)),
    row("detectors that are blind", (s) => String(blindIn(s).length)),
  ]);

  function row(title: string, of: (score: KindScore) => string): string[] {
    return [title, ...kinds.map(({ score }) => of(score))];
  }
}

/** A row for each detector, as it does on one kind of log. */
export function detectorsTable({ score }: Pick<MeasuredKind, "score">): string {
  const heading = ["", "10×", "3×", "1.2×", "0.8×", "right", "beside", "wrong", "delay s", "alerts", "blocks", "wrong"];
  const seeing = Object.entries(score.detectors).filter(([, one]) => one.sees === "all");
  return table([heading, ...seeing.map(([id, one]) => [`\`${id}\``, ...cells(one)])]);
}

/** `card-testing (attributes), …` */
export function blindIn(score: KindScore): string[] {
  return Object.entries(score.detectors)
    .filter(([, { sees }]) => sees === "blind")
    .map(([id, { missing }]) => `\`${id}\`${missing.length > 0 ? ` (${missing.join(", ")})` : ""}`);
}

/** What was missed from 1.2 times the floor on, was found below it, or was wrong: each with how often. */
export function missedLines(kinds: readonly MeasuredKind[]): string[] {
  return kinds.flatMap(({ kind, lists }) => [
    ...tally(
      lists.missed.filter((one) => one.kind === kind),
      (one) => `${kind}: missed by \`${one.detector}\`: ${one.attack} at ${one.intensity} times its floor`,
    ),
    ...tally(
      lists.wrongDetections.filter((one) => one.kind === kind),
      ({ detector, because }) =>
        `${kind}: wrong, \`${detector}\`${because.includes("below its floor") ? `: ${because}` : ""}`,
    ),
    ...tally(
      lists.wrongBlocks.filter((one) => one.kind === kind),
      ({ detector, because }) => `${kind}: wrong block by \`${detector}\`: ${because}`,
    ),
  ]);
}

// helpers

function cells({ recall, detections, delaySeconds, alertsPerAttack, blocks }: Score): string[] {
  return [
    ...[recall["10"], recall["3"], recall["1.2"], recall["0.8"]].map(share),
    ...[detections.right, detections.beside, detections.wrong].map(String),
    ...[range(delaySeconds), figure(alertsPerAttack), String(blocks.right), String(blocks.wrong)],
  ];
}

function tally<T>(items: readonly T[], lineOf: (item: T) => string): string[] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(lineOf(item), (counts.get(lineOf(item)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([line, count]) => `${line}: ${count}`);
}

function table(rows: readonly (readonly string[])[]): string {
  const line = (cellsOf: readonly string[]) => `| ${cellsOf.join(" | ")} |`;
  const [heading = [], ...rest] = rows;
  return [line(heading), line(heading.map(() => "---")), ...rest.map(line)].join("\n");
}

/** What is not quite all is never rounded to it. */
function share(value: number | null): string {
  if (value === null) return "";
  if (value === 0 || value === 1) return String(value);
  return Math.min(0.999, Math.max(0.001, value)).toFixed(3);
}

function figure(value: number | null): string {
  return value === null ? "" : String(Math.round(value * 100) / 100);
}

function range({ p50, p95 }: Quantiles): string {
  return p50 === null ? "" : `${figure(p50)}, ${figure(p95)}`;
}
