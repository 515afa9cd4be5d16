/** The score's own seeds begin here; those below are for tuning, so that nothing is tuned to what it is measured by. */
const firstScored = 3_000_000;
/** More seeds than anybody waits for; keeps both ranges apart. */
export const maxSeeds = 10_000;

/** The first so many seeds of a range; the two have none in common. */
export function seedsOf(count: number, range: "score" | "tuning"): number[] {
  const first = range === "score" ? firstScored : 1;
  return Array.from({ length: Math.min(count, maxSeeds) }, (_, i) => first + i);
}
