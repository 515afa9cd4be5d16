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
  const said = (kind: ThresholdSuggestion["kind"], to: number, why: string) => {
    const then = at.find((one) => one.value === to) ?? now;
    const rate = ratesOf(now.detections, then.detections, spanMs);
    const text =
      to === value
        ? `${parameter}: ${value} fired ${rateOf(now.detections, spanMs)}; ${why}`
        : `${parameter}: ${value} → ${to} would have fired ${rate}; ${why}`;
    return { parameter, value, kind, to, text };
  };
  if (customersOf(now) > 0) {
    const better = sparing(report, now);
    if (better === undefined) return undefined;
    return said("raise", better.value, customersText(report, better));
  }
  if (now.detections > 0) return said("keep", value, "none of them had bought or signed in before");
  const lower = at.find((one) => one.value < value && one.detections === 0);
  if (lower === undefined) return undefined;
  return said("could-lower", lower.value, `the nearest came to ${report.near.max}`);
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
