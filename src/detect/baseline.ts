import type { EndpointClass } from "../normalize/access-event.ts";

/**
 * What is learned of a place, each as it is within ten minutes: requests a minute, our own blocks not
 * counted; the share of them that ended in a 5xx; the share that a limiter refused; the duration that
 * nine in ten answers stay below, in milliseconds. `perActor`: what 99 of 100 users or keys stay below, in
 * requests to a class of endpoints; of classes only.
 */
export const baselineMeasures = ["requests", "errors", "limited", "p90Ms", "perActor"] as const;
export type BaselineMeasure = (typeof baselineMeasures)[number];

/**
 * What it was learned from, the surest last: any hour, the same hour of any day, the same hour of the week;
 * or whole days, and then it is the same at every hour.
 */
export const baselineLevels = ["unknown", "all", "hour-of-day", "hour-of-week", "days"] as const;
export type BaselineLevel = (typeof baselineLevels)[number];

export const baselineConfidences = ["low", "medium", "high"] as const;
export type BaselineConfidence = (typeof baselineConfidences)[number];

/** What is usual at a place, at one hour of the week. */
export interface Baseline {
  /** False in a cold start: then go by your own floors. */
  readonly known: boolean;
  /** What is usual, and how far from it ten minutes usually are (as a standard deviation). */
  readonly median: number;
  readonly spread: number;
  /** Weeks, days or hours it was learned from, by its level. */
  readonly samples: number;
  readonly level: BaselineLevel;
  /** `high`: three weeks or more that agree, or seven whole days. `medium`: two weeks, or the same hour of seven days, or three whole days. `low`: anything less. */
  readonly confidence: BaselineConfidence;
  /** Hours since the week began, Monday at midnight, by the clock of `detect.baselines.timeZone`. */
  readonly hourOfWeek: number;
}

export const unknownBaseline: Baseline = {
  ...{ known: false, median: 0, spread: 0, samples: 0 },
  ...{ level: "unknown", confidence: "low", hourOfWeek: 0 },
};

/** Where something is learned: a route, a gateway, a class of endpoints, a class at a gateway, or (nothing given) the whole site. */
export interface BaselinePlace {
  readonly route?: string | undefined;
  readonly gateway?: string | undefined;
  readonly endpointClass?: EndpointClass | undefined;
}

/** A route is one everywhere; whatever else is known of it does not matter. */
export function placeName({ route, gateway, endpointClass }: BaselinePlace): string {
  if (route !== undefined) return `route ${route}`;
  if (gateway !== undefined) return `gateway ${gateway}${endpointClass === undefined ? "" : ` class ${endpointClass}`}`;
  return endpointClass === undefined ? "site" : `class ${endpointClass}`;
}

/** Sure enough to say that something is missing or too much: two weeks, or seven days that agree. */
export function isSettled({ known, confidence }: Baseline): boolean {
  return known && confidence !== "low";
}

/** What ten minutes are further than this many of their usual deviations from the median is no chance. */
const deviations = 6;

/** The least and the most that ten minutes have by chance, or by a leap between two hours. */
export function usualRange({ median, spread }: Baseline): { readonly least: number; readonly most: number } {
  return { least: median - deviations * spread, most: median + deviations * spread };
}

const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/** For a summary: `usual for Tuesday 10:00: 300 ± 40, 4 weeks`. `inWords` writes a figure. */
export function usualInWords(baseline: Baseline, inWords: (figure: number) => string): string {
  const { median, spread, samples, level, hourOfWeek } = baseline;
  const hour = `${String(hourOfWeek % 24).padStart(2, "0")}:00`;
  const learned = {
    unknown: ["", ""],
    all: ["at any time", "hour"],
    "hour-of-day": [`at ${hour}`, "day"],
    "hour-of-week": [`for ${days[Math.floor(hourOfWeek / 24)]} ${hour}`, "week"],
    days: ["on any day", "day"],
  }[level];
  if (level === "unknown") return "what is usual is not known yet";
  return `usual ${learned[0]}: ${inWords(median)} ± ${inWords(spread)}, ${samples} ${learned[1]}${samples === 1 ? "" : "s"}`;
}

/** A share, for `usualInWords`: two digits are enough. */
export function inPercent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
