/** Makes a median absolute deviation comparable with a standard deviation, for what is spread normally. */
const normalMad = 1.4826;

/**
 * The value in the middle; of an even number the lower of the two, so that half of the values can't
 * raise it. `NaN` for none.
 */
export function lowMedian(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1]!;
}

/** How far values usually are from `centre`, as a standard deviation: 1.4826 times their median distance. */
export function robustSpread(values: readonly number[], centre: number): number {
  if (values.length === 0) return NaN;
  const distances = values.map((value) => Math.abs(value - centre)).sort((a, b) => a - b);
  // The upper of two: a spread that is too small would call for attention too often.
  return normalMad * distances[distances.length >> 1]!;
}
