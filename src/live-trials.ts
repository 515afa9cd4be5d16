import type { SavedHits } from "./block/would-have-hits.ts";
import type { Decision } from "./block/decision.ts";
import type { LiveReport } from "./block/detector-trial.ts";
import type { DecisionLedger } from "./block/ledger.ts";
import { type SavedTrials, Trials } from "./block/trials.ts";
import { Customers, type SavedCustomers } from "./detect/customers.ts";
import type { Detection } from "./detect/detection.ts";
import type { ActiveDetector } from "./detect/plan.ts";
import { type SavedThresholds, ThresholdWatcher } from "./detect/threshold-watcher.ts";
import type { IncidentChange } from "./incident/incident.ts";
import type { AccessEvent } from "./normalize/access-event.ts";

/** What the reports of all detectors rest on; saved with what was counted, so that nothing counts twice. */
export interface SavedLiveTrials {
  readonly customers: SavedCustomers;
  readonly thresholds: SavedThresholds;
  readonly trials: SavedTrials;
  readonly hits: SavedHits;
}

/** The reports of detectors while the service runs: who is told of what, and what is saved. */
export class LiveTrials {
  /** Follows the thresholds of detectors in dry run, for the detect stage. */
  readonly watcher: ThresholdWatcher;
  readonly #customers = new Customers();
  readonly #trials: Trials;
  #detectors: readonly ActiveDetector[];
  #ledger: DecisionLedger | undefined;

  constructor(detectors: readonly ActiveDetector[]) {
    const customers = this.#customers;
    this.#detectors = detectors;
    this.watcher = new ThresholdWatcher({ isWatched: ({ mode }) => mode === "dry-run", customers });
    this.#trials = new Trials({
      ...{ detectors, customers },
      thresholds: (detector) => this.watcher.of(detector),
      hits: (uuid) => this.#ledger?.wouldHaveHit(uuid),
    });
  }

  /** Goes on with what was saved. Decisions of earlier runs are in the ledger; nothing is counted before this. */
  load(saved: SavedLiveTrials | undefined, ledger: DecisionLedger): void {
    this.#ledger = ledger;
    if (saved) {
      this.#customers.load(saved.customers);
      const same = this.#trials.sameAs(saved.trials);
      const unchanged = this.#detectors.filter(({ definition }) => same.has(definition.id));
      this.watcher.load(saved.thresholds, unchanged);
    }
    this.#trials.load(saved?.trials, [...ledger.past(), ...ledger.current()]);
  }

  /** Other detectors, modes, parameters or rules. */
  update(detectors: readonly ActiveDetector[]): void {
    this.#detectors = detectors;
    for (const id of this.#trials.update(detectors)) this.watcher.forget(id);
  }

  /** Requests and shop events that were counted, and how far event time has come, epoch ms. */
  saw(events: readonly AccessEvent[], watermark: number): void {
    for (const event of events) this.#customers.see(event);
    this.#trials.at(watermark);
  }

  detections(detections: readonly Detection[]): void {
    this.#trials.detections(detections);
  }

  changed(change: IncidentChange): void {
    this.#trials.changed(change);
  }

  decided(decision: Decision): void {
    if (this.#ledger) this.#trials.decided(decision);
  }

  /** Lets time pass: the clock's, and event time. */
  tick(now: number, watermark: number): void {
    this.#trials.tick(now);
    this.#trials.at(watermark);
  }

  report(detector: string): LiveReport | undefined {
    return this.#trials.report(detector);
  }

  save(): SavedLiveTrials {
    return {
      customers: this.#customers.save(),
      thresholds: this.watcher.save(),
      trials: this.#trials.save(),
      hits: this.#ledger?.hits.save() ?? [],
    };
  }
}
