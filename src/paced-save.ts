import type { Clock } from "./clock.ts";
import type { StageTimes } from "./stage-times.ts";

/** Everything waits while a state is copied: for a fiftieth of the time at the most. */
const timesTheCost = 50;
/** However long it takes: what was read since the last save is read again after a crash. */
const mostMs = 60_000;

/** Saves when it is called, or not at all where the save before took so long that it is too soon for another. */
export function pacedSave(options: {
  readonly clock: Clock;
  readonly times: Pick<StageTimes, "totals">;
  readonly save: () => Promise<void>;
}): () => Promise<void> {
  const { clock, times, save } = options;
  let notBefore = -Infinity;
  return async () => {
    if (clock.monotonic() < notBefore) return;
    const before = times.totals().get("save")!;
    await save();
    const cost = times.totals().get("save")! - before;
    notBefore = clock.monotonic() + Math.min(cost * timesTheCost, mostMs);
  };
}
