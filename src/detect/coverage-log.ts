import type { Log } from "../log.ts";
import type { DetectorStatus } from "./detect-stage.ts";

/** Says once what each detector can see of the traffic, and again when that changes. */
export class CoverageLog {
  readonly #log: Log;
  readonly #told = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  look(detectors: readonly DetectorStatus[]): void {
    for (const { id, coverage } of detectors) {
      const { state, missing, events } = coverage;
      if (state === "waiting" || this.#told.get(id) === state) continue;
      this.#told.set(id, state);
      const facts = { detector: id, coverage: state, missing, events };
      if (state === "blind") this.#log.warn(facts, "a detector is blind: no event has a field it needs");
      else this.#log.info(facts, "what a detector can see of the traffic");
    }
  }
}
