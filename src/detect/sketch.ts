/**
 * A quantile sketch after DDSketch (Masson, Rim and Lee, VLDB 2019): counts by bins of a logarithmic
 * scale. Any quantile of what lies between 1 and 600,000 is off by 2 % at most; what is beyond counts
 * as the end it is beyond. Sketches are merged by adding their counts.
 */
const relativeError = 0.02;
const smallest = 1;
const largest = 600_000;

const gamma = (1 + relativeError) / (1 - relativeError);
const perBin = Math.log(gamma);

/** The bins of every sketch: 334. */
export const sketchBins = Math.ceil(Math.log(largest / smallest) / perBin) + 1;

/** What each bin stands for: off by 2 % at most from whatever is counted in it. */
const middles = Float64Array.from({ length: sketchBins }, (_, bin) =>
  bin === 0 ? smallest : Math.min(largest, Number(((2 * gamma ** bin) / (gamma + 1)).toPrecision(6))),
);

/** Most values are whole milliseconds of seconds: their bins are looked up. */
const wholes = Uint16Array.from({ length: 4_096 }, (_, value) => computedBin(value));

/** The bin that counts a value; not a number is for the caller to leave out. */
export function binOf(value: number): number {
  return wholes[value] ?? computedBin(value);
}

function computedBin(value: number): number {
  if (value <= smallest) return 0;
  return Math.min(sketchBins - 1, Math.ceil(Math.log(value / smallest) / perBin));
}

/**
 * The value that the share `q` of all counted ones does not exceed: of n values the one in place ⌈q·n⌉.
 * `undefined` when nothing was counted.
 */
export function quantileOf(counts: Uint32Array, q: number): number | undefined {
  let total = 0;
  for (let bin = 0; bin < sketchBins; bin++) total += counts[bin]!;
  return valueAt(counts, Math.max(1, Math.ceil(q * total)));
}

/** The value in place `rank`, from 1, of all that were counted; `undefined` when there are fewer. */
export function valueAt(counts: Uint32Array, rank: number): number | undefined {
  let left = rank;
  for (let bin = 0; bin < sketchBins; bin++) {
    left -= counts[bin]!;
    if (left <= 0) return middles[bin]!;
  }
  return undefined;
}

/** The bins that count something, each followed by its count: what is saved. */
export function packed(counts: Uint32Array): Uint32Array {
  const pairs: number[] = [];
  for (let bin = 0; bin < sketchBins; bin++) if (counts[bin]! > 0) pairs.push(bin, counts[bin]!);
  return Uint32Array.from(pairs);
}

/** Adds what was packed. */
export function addPacked(counts: Uint32Array, pairs: Uint32Array): void {
  for (let i = 0; i < pairs.length; i += 2) counts[pairs[i]!]! += pairs[i + 1]!;
}
