import type { LogKind } from "../score/log-kind.ts";
import type { MissedMark } from "../score/marks.ts";
import type { RunName } from "../score/run-score.ts";
import type { ScoreLists } from "../score/score-lists.ts";
import type { DetectorScore, KindScore, Quantiles, Score } from "../score/scorecard.ts";
import { terminalText } from "./terminal-text.ts";
import { amount, instant, type Section, table } from "./text-layout.ts";

/** Lists are cut after so many lines; JSON has all. */
const listedAtMost = 40;

const heading = [
  "", "found at 10×", "3×", "1.2×", "0.8×", "right", "beside", "wrong", "delay s", "in events", "alerts", "blocks", "wrong",
]; // prettier-ignore

const titles: Readonly<Record<LogKind, string>> = {
  enriched: "Enriched logs: the shop's headers and shop events",
  default: "Default logs: a gateway's own JSON",
  bare: "Bare logs: nginx's combined format",
};

/** The score for people. */
export function scoreText(
  scores: ReadonlyMap<LogKind, KindScore>,
  { lists, missedMarks }: { lists: ScoreLists; missedMarks: readonly MissedMark[] },
): string {
  const sections = [
    ...[...scores].map(([kind, score]) => kindSection(kind, score)),
    ...listSections(lists),
    {
      title: missedMarks.length === 0 ? "Every mark is reached." : "Marks that are missed:",
      lines: missedMarks.map(({ kind, mark, figure }) => `${mark}: ${figure} (${kind} logs)`),
    },
  ];
  return sections
    .map(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)].map(terminalText).join("\n"))
    .join("\n\n")
    .concat("\n");
}

// helpers

function kindSection(kind: LogKind, score: KindScore): Section {
  const rows = Object.entries(score.detectors);
  const measured = rows.filter(([, one]) => one.sees === "all");
  const blind = rows.filter(([, one]) => one.sees === "blind");
  const idle = rows.filter(([, one]) => one.sees === "idle").map(([id]) => id);
  return {
    title: titles[kind],
    lines: [
      ...table([heading, ...measured.map(([id, one]) => row(id, one)), row("all", score)]),
      "",
      ...summary(score),
      ...(blind.length === 0 ? [] : [`Blind here: ${blind.map(blindText).join("; ")}.`]),
      ...(idle.length === 0 ? [] : [`Saw nothing of what they look at: ${idle.join(", ")}.`]),
    ],
  };
}

function row(name: string, score: Score): string[] {
  const { recall, detections, delaySeconds, delayEvents, blocks } = score;
  return [
    name,
    ...[recall["10"], recall["3"], recall["1.2"], recall["0.8"]].map(share),
    ...[detections.right, detections.beside, detections.wrong].map(String),
    ...[range(delaySeconds), range(delayEvents), figure(score.alertsPerAttack)],
    ...[blocks.right, blocks.wrong].map(String),
  ];
}

function* summary(score: KindScore): Generator<string> {
  const { blocks, refused, harm, wrongBlocksPerMillionClientDays: wrong } = score;
  yield `Blocks: precision ${share(blocks.precision)}; ${figure(wrong)} wrong ones for a million client-days (${score.clientDays.toLocaleString("en")} seen).`;
  yield `In the way of everybody else's requests ${share(refused.requests)}, successful sign-ins ${share(refused.logins)}, checkouts ${share(refused.checkouts)}.`;
  yield `${amount(harm.attacks, "attack")}, ${harm.blockedAttacks} blocked; until then requests ${range(harm.events)}, failures ${range(harm.failures)}, cards ${range(harm.cards)}, things read ${range(harm.objects)}.`;
  yield `Payment outage to storm: ${score.stormSeconds === null ? "none" : `${figure(score.stormSeconds)} s`}.`;
}

function blindText([id, { missing }]: readonly [string, DetectorScore]): string {
  return missing.length === 0 ? id : `${id} (${missing.join(", ")})`;
}

function listSections(lists: ScoreLists): Section[] {
  const { missed, wrongDetections, wrongBlocks, notSimulated } = lists;
  const run = ({ seed, intensity, kind, scene }: RunName) => `${kind} ${scene} ${seed} ${intensity}×`;
  return [
    section("Missed", missed, (one) => [
      run(one),
      instant(one.start),
      one.detector,
      `${one.attack} (${one.found} of ${one.expected})`,
      one.missed.join(", "),
    ]),
    section("Wrong detections", wrongDetections, (one) => [
      run(one),
      instant(one.at),
      one.detector,
      one.about,
      one.because,
      one.text,
    ]),
    section("Wrong blocks", wrongBlocks, (one) => [
      run(one),
      instant(one.at),
      one.detector,
      one.about,
      one.because,
      one.text,
    ]),
    section("Not simulated", notSimulated, (one) => [one]),
  ].filter(({ lines }) => lines.length > 0);
}

function section<T>(title: string, items: readonly T[], cells: (item: T) => string[]): Section {
  const lines = table(items.slice(0, listedAtMost).map(cells));
  const more = items.length - lines.length;
  return {
    title: `${title}: ${items.length}`,
    lines: more > 0 ? [...lines, `and ${more} more; --json has all`] : lines,
  };
}

/** What is not quite all is never rounded to it. */
function share(value: number | null): string {
  if (value === null) return "-";
  if (value === 0 || value === 1) return String(value);
  return Math.min(0.999, Math.max(0.001, value)).toFixed(3);
}

function figure(value: number | null): string {
  return value === null ? "-" : String(Math.round(value * 100) / 100);
}

function range({ p50, p95 }: Quantiles): string {
  return p50 === null ? "-" : `${figure(p50)} … ${figure(p95)}`;
}
