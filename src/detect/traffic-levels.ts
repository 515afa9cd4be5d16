import { type Baseline, isSettled, usualInWords, usualRange } from "./baseline.ts";
import type { JudgeContext } from "./judge-context.ts";

/** What is left of a kind that has stopped: monitors, and a few whose page was still open. */
const leftOver = 0.05;

/** A shop that was opened half an hour ago has no usual level yet. */
const leastMinutesBefore = 40;

/** So long after the first request of ten minutes came the last, where they were read as a whole. */
const wholeMs = 480_000;

/** Kinds of requests whose level tells how a shop is. */
export const levelClasses = ["login", "cart", "checkout", "payment", "order"] as const;
export type LevelClass = (typeof levelClasses)[number];

type Levels = { readonly [C in LevelClass as C | `${C}Hour`]: number } & {
  readonly newest: number;
  /** The earliest time in the ten minutes, below zero. */
  readonly since: number;
  /** The earliest time in the hour, below zero. */
  readonly sinceHour: number;
} & {
  readonly [C in LevelClass as `${C}Clients`]: { readonly known: boolean; readonly value: number };
};
interface Limits {
  expected: number;
  clients: number;
  others: number;
  times: number;
  requests: number;
  usualTimes: number;
  quiet: number;
}

/** What one gateway's requests are judged by. */
export interface JudgedLevels {
  readonly f: Levels;
  readonly p: Limits;
  readonly context: JudgeContext;
}

/** How much of the hour before there is to compare with. */
function minutesBefore({ newest, sinceHour }: Levels): number {
  return (newest + sinceHour) / 60_000 - 10;
}

/** Something came from the beginning of the ten minutes on: what was lost while nobody listened is not missing. */
function isWhole({ newest, since }: Levels): boolean {
  return newest + since >= wholeMs;
}

/** Requests of ten minutes, as the hour before had them. */
export function expectedOf(f: Levels, name: LevelClass): number {
  return (10 * Math.max(0, f[`${name}Hour`] - f[name])) / Math.max(10, minutesBefore(f));
}

/** Requests of ten minutes as they are usual at this hour of the week, and at most and least; `undefined` until that is known. */
function usualOf(context: JudgeContext, name: LevelClass): { median: number; least: number; most: number } | undefined {
  const usual = context.baseline("requests", name);
  if (!isSettled(usual)) return undefined;
  const { least, most } = usualRange(usual);
  return { median: 10 * usual.median, least: 10 * least, most: 10 * most };
}

function isOfMany(f: Levels, name: LevelClass, { clients }: Limits): boolean {
  const seen = f[`${name}Clients`];
  return !seen.known || seen.value >= clients;
}

/** Kinds that have stopped, or all but stopped, while the others go on. */
export function stopped({ f, p, context }: JudgedLevels): LevelClass[] {
  const total = (of: (name: LevelClass) => number, but: LevelClass) =>
    levelClasses.reduce((sum, name) => (name === but ? sum : sum + of(name)), 0);
  const isLeft = (name: LevelClass, expected: (other: LevelClass) => number) =>
    total((other) => f[other], name) >= p.others * Math.max(p.expected, total(expected, name));
  return levelClasses.filter((name) => {
    if (!isOfMany(f, name, p)) return false;
    const usual = usualOf(context, name);
    const isUnusual = usual === undefined || usual.median >= p.expected;
    const since = minutesBefore(f) >= leastMinutesBefore && f[name] === 0 && expectedOf(f, name) >= p.expected;
    if (since && isUnusual && isLeft(name, (other) => expectedOf(f, other))) return true;
    if (!isWhole(f) || usual === undefined || usual.least < p.expected) return false;
    if (f[name] > leftOver * usual.median) return false;
    return isLeft(name, (other) => usualOf(context, other)?.median ?? 0);
  });
}

/** Kinds that are many times what they were, or what is usual; what is usual at this hour is none. */
export function multiplied({ f, p, context }: JudgedLevels): LevelClass[] {
  return levelClasses.filter((name) => {
    if (f[name] < p.requests || !isOfMany(f, name, p)) return false;
    const usual = usualOf(context, name);
    const expected = expectedOf(f, name);
    const since = minutesBefore(f) >= leastMinutesBefore && expected >= p.expected / 5 && f[name] >= p.times * expected;
    if (usual === undefined) return since;
    return f[name] > usual.most && (since || f[name] >= p.usualTimes * usual.median);
  });
}

/** All kinds together are far below what is usual: people don't even get here. */
export function isQuiet({ f, p, context }: JudgedLevels): boolean {
  const known = levelClasses.map((name) => ({ has: f[name], ...usualOf(context, name) }));
  const sum = (of: "has" | "median" | "least") => known.reduce((total, one) => total + (one[of] ?? 0), 0);
  return isWhole(f) && sum("least") >= 3 * p.expected && sum("has") <= p.quiet * sum("median");
}

/** What is usual of the kind that is furthest from it, for people. */
export function mostUnusual(f: Levels, context: JudgeContext): string {
  const known = levelClasses
    .map((name) => ({ name, usual: context.baseline("requests", name) }))
    .filter(({ usual }) => isSettled(usual));
  const distance = ({ name, usual }: { name: LevelClass; usual: Baseline }) =>
    Math.abs(Math.log((f[name] + 1) / (10 * usual.median + 1)));
  const [furthest] = known.sort((a, b) => distance(b) - distance(a));
  if (furthest === undefined) return "";
  return `; ${furthest.name} ${f[furthest.name]}, ${usualInWords(furthest.usual, (perMinute) => String(Math.round(10 * perMinute)))}`;
}
