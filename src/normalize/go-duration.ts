/** How many seconds each unit of Go's durations has; both letters for micro are in use. */
const seconds: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  µs: 1e-6,
  μs: 1e-6,
  us: 1e-6,
  ns: 1e-9,
};

/** A duration as Go prints it, in seconds: `1h2m3.5s`, `53.9ms`, `812µs`. `NaN` for anything else. */
export function readGoDuration(text: string): number {
  if (text.length > 40) return Number.NaN;
  let total = 0;
  let end = 0;
  for (const part of text.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s|µs|μs|us|ns)/gy)) {
    const [all, amount, unit = ""] = part;
    total += Number(amount) * (seconds[unit] ?? Number.NaN);
    end = part.index + all.length;
  }
  return end > 0 && end === text.length ? total : Number.NaN;
}
