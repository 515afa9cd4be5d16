import type { TrafficFacts } from "./decision.ts";

/** Fewer blocks than this can't halve a shop's checkouts, unless an address is shared: the guard sees to that. */
const leastWave = 10;
/** Fewer than ten a minute vary so much by themselves that a halving of two minutes tells nothing. */
const leastBefore = 10;
/** What is left of the hour's rate when it counts as a drop. */
const drop = 0.5;

/** Whether a wave of so many blocks was followed by a drop of successful checkouts, and in what words. */
export function checkoutDropAfter(wave: number, rate: ReturnType<TrafficFacts["checkoutRate"]>): string | undefined {
  if (wave < leastWave || rate === undefined || rate.before < leastBefore) return undefined;
  if (rate.now > rate.before * drop) return undefined;
  return `checkouts dropped from ${rate.before.toFixed(1)} to ${rate.now.toFixed(1)} a minute after ${wave} blocks`;
}
