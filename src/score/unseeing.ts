import type { DetectorStatus } from "../detect/detect-stage.ts";
import type { EventField } from "../normalize/access-event.ts";

/** A detector that could find nothing: `blind`, the log lacks what it needs; `idle`, nothing it looks at came. */
export interface Unseeing {
  readonly detector: string;
  readonly state: "blind" | "idle";
  readonly missing: readonly EventField[];
}

/** Why a detector could find nothing in what it saw; `undefined` for one that could. */
export function unseeingOf({ id, coverage }: DetectorStatus): Unseeing | undefined {
  if (coverage.events === 0) {
    // Shop events were to tell of its attempts, and none came.
    return { detector: id, state: coverage.state === "blind" ? "blind" : "idle", missing: coverage.missing };
  }
  // Few events are enough to tell here: all that will ever come were seen.
  const missing = coverage.fields.filter(({ needed, share }) => needed && share === 0).map(({ field }) => field);
  return missing.length > 0 ? { detector: id, state: "blind", missing } : undefined;
}
