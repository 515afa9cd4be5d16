import type { AtValue, ThresholdReport } from "./threshold-sketch.ts";

const dayMs = 86_400_000;

/** What to do about one parameter, and why, in plain words. */
export interface ThresholdSuggestion {
  readonly parameter: string;
  readonly value: number;
  /**
   * `raise`: somebody was found who had bought, and a higher value would have spared them; `keep`: nobody
   * was; `could-lower`: nothing came near, and a lower value would have found nothing either.
   */
  readonly kind: "raise" | "keep" | "could-lower";
  /** The value that is suggested; `value` itself for `keep`. Where several are multiplied, the multiple. */
  readonly to: number;
  /** The same as a detector's parameters are set. */
  readonly params: Readonly<Record<string, number>>;
  readonly text: string;
}

/**
 * What is suggested of a detector's parameters. All of them together are only spoken of where no single
 * one would have spared a customer, or none decides anything alone.
 */
export function suggestThresholds(reports: readonly ThresholdReport[], spanMs: number): ThresholdSuggestion[] {
  const of = (some: readonly ThresholdReport[]) => some.flatMap((report) => suggestThreshold(report, spanMs) ?? []);
  const single = of(reports.filter(({ multiplesOf }) => multiplesOf === undefined));
  const together = of(reports.filter(({ multiplesOf }) => multiplesOf !== undefined));
  if (single.some(({ kind }) => kind === "raise")) return single;
  const raise = together.filter(({ kind }) => kind === "raise");
  return raise.length > 0 || single.length === 0 ? [...together, ...single] : single;
}

/**
 * What was seen of a parameter says of its value. Only those who had bought are a reason to raise it: an
 * attacker who got in has signed in, too, and whether anybody else is one, no count tells. `spanMs`: how long was looked at. `undefined` when nothing
 * can be said.
 */
export function suggestThreshold(report: ThresholdReport, spanMs: number): ThresholdSuggestion | undefined {
  const { value, at } = report;
  const now = at.find((one) => one.value === value);
  if (now === undefined) return undefined;
  if (now.bought > 0) {
    const better = sparing(report, now);
    if (better === undefined) return undefined;
    const rates = ratesOf(now.detections, better.detections, spanMs);
    const why = customersText(report, better);
    return suggestion(report, { kind: "raise", to: better.value, text: `would have fired ${rates}; ${why}` });
  }
  if (now.detections > 0) {
    const why = keepText(report, now);
    return suggestion(report, { kind: "keep", to: value, text: `fired ${rateOf(now.detections, spanMs)}; ${why}` });
  }
  const lower = at.find((one) => one.value < value && one.detections === 0);
  if (lower === undefined) return undefined;
  const why = `the nearest came to ${levelText(report, report.near.max)}`;
  return suggestion(report, { kind: "could-lower", to: lower.value, text: `would have fired no more often; ${why}` });
}

// helpers

function suggestion(
  { parameter, value, multiplesOf }: ThresholdReport,
  { kind, to, text }: Pick<ThresholdSuggestion, "kind" | "to" | "text">,
): ThresholdSuggestion {
  const before = multiplesOf ?? { [parameter]: value };
  const params = mapped(before, (one) => (multiplesOf ? Math.ceil(one * to) : to));
  const steps = Object.entries(before).map(([name, one]) =>
    to === value ? `${name}: ${one}` : `${name}: ${one} → ${params[name]}`,
  );
  return { parameter, value, kind, to, params, text: `${steps.join(", ")} ${text}` };
}

function mapped(values: Readonly<Record<string, number>>, to: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, to(value)]));
}

/** The lowest value that spares all who had bought that any value spares. */
function sparing({ at }: ThresholdReport, now: AtValue): AtValue | undefined {
  const higher = at.filter(({ value }) => value > now.value);
  const fewest = Math.min(...higher.map(({ bought }) => bought));
  return fewest < now.bought ? higher.find(({ bought }) => bought === fewest) : undefined;
}

function customersText(report: ThresholdReport, { bought }: AtValue): string {
  const { highest } = report;
  const left = bought === 0 ? [] : [`${bought} who had bought would still have been found`];
  // Those whom another condition finds as well came to no level of this one.
  const most =
    highest.bought === undefined ? [] : [`the largest customer who bought had ${levelText(report, highest.bought)}`];
  return [...most, ...left].join("; ") || "nobody who had bought would have been found";
}

function keepText({ highest }: ThresholdReport, { signedIn }: AtValue): string {
  if (signedIn > 0) return `${signedIn} of them had signed in before: customers, or attackers who got in`;
  return Object.keys(highest).length > 0
    ? "no customer is known among them"
    : "its keys are no single clients or users";
}

function levelText({ multiplesOf }: ThresholdReport, level: number): string {
  return multiplesOf ? `${level} times all of them` : String(level);
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
