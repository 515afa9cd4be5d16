import type { Clock } from "./clock.ts";

/** Making bytes of a state takes ten times as long as to copy it, in pieces: a thirtieth of the time at the most. */
const timesTheCost = 30;
/** While it is copied everything waits, an attacker's refusal too: a five-hundredth of the time at the most. */
const timesTheWait = 500;
/** However long it takes: what was read since the last save is read again after a crash. */
const mostMs = 60_000;

/**
 * Saves when it is called, or not at all where the save before took so long that it is too soon for another.
 * `waitedMs`: for how long everything waited for the last one.
 */
export function pacedSave(options: {
  readonly clock: Clock;
  readonly save: () => Promise<void>;
  readonly waitedMs: () => number;
}): () => Promise<void> {
  const { clock, save, waitedMs } = options;
  let notBefore = -Infinity;
  return async () => {
    const begun = clock.monotonic();
    if (begun < notBefore) return;
    await save();
    const now = clock.monotonic();
    notBefore = now + Math.min(Math.max((now - begun) * timesTheCost, waitedMs() * timesTheWait), mostMs);
  };
}
