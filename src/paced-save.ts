import type { Clock } from "./clock.ts";

/** Everything waits while a state is copied: for a fiftieth of the time at the most. */
const timesTheCost = 50;
/** However long it takes: what was read since the last save is read again after a crash. */
const mostMs = 60_000;

/** Saves when it is called, or not at all where the save before took so long that it is too soon for another. */
export function pacedSave(options: {
  readonly clock: Clock;
  /** For how long everything has waited for copies so far, ms. */
  readonly waited: () => number;
  readonly save: () => Promise<void>;
}): () => Promise<void> {
  const { clock, waited, save } = options;
  let notBefore = -Infinity;
  return async () => {
    if (clock.monotonic() < notBefore) return;
    const before = waited();
    await save();
    const cost = waited() - before;
    notBefore = clock.monotonic() + Math.min(cost * timesTheCost, mostMs);
  };
}
