import type { AtValue, ThresholdReport } from "./threshold-sketch.ts";

const dayMs = 86_400_000;

/** What to do about one parameter, and why, in plain words. */
export interface ThresholdSuggestion {
  readonly parameter: string;
  readonly value: number;
  /**
   * `raise`: customers were found, and a higher value would have spared them; `keep`: what was found was
   * no customer; `could-lower`: nothing came near, and a lower value would have found nothing either.
   */
  readonly kind: "raise" | "keep" | "could-lower";
  /** The value that is suggested; `value` itself for `keep`. */
  readonly to: number;
  readonly text: string;
}

/**
 * What was seen of a parameter says of its value. Only customers are a reason to raise it: whether
 * anybody else is an attacker, no count tells. `spanMs`: how long was looked at. `undefined` when nothing
 * can be said.
 */
export function suggestThreshold(report: ThresholdReport, spanMs: number): ThresholdSuggestion | undefined {
  const { parameter, value, at } = report;
  const now = at.find((one) => one.value === value);
  if (now === undefined) return undefined;
  if (customersOf(now) > 0) {
    const better = sparing(report, now);
    if (better === undefined) return undefined;
    const rates = ratesOf(now.detections, better.detections, spanMs);
    const text = `${parameter}: ${value} → ${better.value} would have fired ${rates}; ${customersText(report, better)}`;
    return { parameter, value, kind: "raise", to: better.value, text };
  }
  if (now.detections > 0) {
    const isOfOne = Object.keys(report.highest).length > 0;
    const why = isOfOne ? "no customer is known among them" : "its keys are no single clients or users";
    const text = `${parameter}: ${value} fired ${rateOf(now.detections, spanMs)}; ${why}`;
    return { parameter, value, kind: "keep", to: value, text };
  }
  const lower = at.find((one) => one.value < value && one.detections === 0);
  if (lower === undefined) return undefined;
  const text = `${parameter}: ${value} → ${lower.value} would have fired no more often; the nearest came to ${report.near.max}`;
  return { parameter, value, kind: "could-lower", to: lower.value, text };
}

// helpers

/** The lowest value that spares all customers that any value spares. */
function sparing({ at }: ThresholdReport, now: AtValue): AtValue | undefined {
  const higher = at.filter(({ value }) => value > now.value);
  const fewest = Math.min(...higher.map(customersOf));
  return fewest < customersOf(now) ? higher.find((one) => customersOf(one) === fewest) : undefined;
}

function customersOf({ bought, signedIn }: AtValue): number {
  return bought + signedIn;
}

function customersText({ highest }: ThresholdReport, better: AtValue): string {
  const left = customersOf(better);
  const rest = left === 0 ? "" : `; ${left} who had bought or signed in would still have been found`;
  if (highest.bought !== undefined) return `the largest customer who bought had ${highest.bought}${rest}`;
  return `the largest who had signed in had ${highest.signedIn}${rest}`;
}

/** `2 instead of 31 times a day`; of less than a day, how often it was. */
function ratesOf(now: number, then: number, spanMs: number): string {
  return spanMs < dayMs
    ? `${then} instead of ${times(now)}`
    : `${aDay(then, spanMs)} instead of ${aDay(now, spanMs)} times a day`;
}

function rateOf(count: number, spanMs: number): string {
  return spanMs < dayMs ? times(count) : `${aDay(count, spanMs)} times a day`;
}

function aDay(count: number, spanMs: number): string {
  const rate = (count * dayMs) / spanMs;
  return String(rate >= 10 ? Math.round(rate) : Number(rate.toPrecision(2)));
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
