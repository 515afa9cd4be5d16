import { createHash } from "node:crypto";
import type { Detection } from "../detect/detection.ts";
import type { ActiveDetector } from "../detect/plan.ts";
import type { DetectorThresholds } from "../detect/threshold-watcher.ts";
import type { IncidentChange } from "../incident/incident.ts";
import type { BlockFacts } from "./block-tally.ts";
import type { Decision } from "./decision.ts";
import { DetectorTrial, type LiveReport, type SavedTrial } from "./detector-trial.ts";

/** Changes of incidents may be handed on again after a crash; so many of the latest are told apart. */
const maxTold = 1_000;

export interface TrialsOptions extends BlockFacts {
  readonly detectors: readonly ActiveDetector[];
  /** What is followed of a detector's thresholds. */
  readonly thresholds: (detector: string) => DetectorThresholds | undefined;
}

/**
 * What each detector has found, whom it would have blocked and how often people would have been told, since
 * it runs as it does now. Takes part in nothing: it is told, and tells. Each thing counts once, however
 * often it is told.
 */
export class Trials {
  readonly #options: TrialsOptions;
  #active: ReadonlyMap<string, ActiveDetector> = new Map();
  #trials = new Map<string, DetectorTrial>();
  /** The highest number of a decision that was counted. */
  #newestDecision = 0;
  /** Alerts that were counted: incident and version. */
  readonly #told = new Set<string>();

  constructor(options: TrialsOptions) {
    this.#options = options;
    this.update(options.detectors);
  }

  /** Other detectors, modes, parameters or rules: those that changed begin anew. Answers which. */
  update(detectors: readonly ActiveDetector[]): string[] {
    const before = this.#trials;
    this.#active = new Map(detectors.map((active) => [active.definition.id, active]));
    this.#trials = new Map(
      detectors.map((active) => {
        const signature = signatureOf(active);
        const known = before.get(active.definition.id);
        const trial = known?.signature === signature ? known : new DetectorTrial(signature, this.#options);
        return [active.definition.id, trial];
      }),
    );
    return [...this.#trials].filter(([id, trial]) => before.get(id) !== trial).map(([id]) => id);
  }

  /** Event time has come to `watermark`, epoch ms; 0: not known yet. */
  at(watermark: number): void {
    if (watermark === 0) return;
    for (const trial of this.#trials.values()) trial.at(watermark);
  }

  /** Detections, once what follows from them was done. */
  detections(detections: readonly Detection[]): void {
    for (const detection of detections) {
      if (detection.origin === "traffic") this.#trials.get(detection.detector)?.detection(detection);
    }
  }

  /** A change of an incident, once it was handed on. Counts those that a detection opened and somebody would be told of. */
  changed({ kind, incident, detection }: IncidentChange): void {
    if ((kind !== "opened" && kind !== "reopened") || detection?.origin !== "traffic") return;
    if (incident.team === undefined || (incident.quiet !== undefined && incident.quiet !== "dry_run")) return;
    const change = `${incident.id} ${incident.version}`;
    if (this.#told.has(change)) return;
    this.#told.add(change);
    if (this.#told.size > maxTold) this.#told.delete(this.#told.values().next().value!);
    this.#trials.get(detection.detector)?.alerted();
  }

  /** A version of a decision, once it is in force. */
  decided(decision: Decision): void {
    const trial = this.#trials.get(decision.detector ?? "");
    const isNew = decision.id > this.#newestDecision;
    this.#newestDecision = Math.max(this.#newestDecision, decision.id);
    // What is neither new nor may change any more was counted.
    if (trial && (isNew || trial.blocks.has(decision.uuid))) trial.decided(decision);
  }

  /** Lets time pass, epoch ms. */
  tick(now: number): void {
    for (const trial of this.#trials.values()) trial.blocks.tick(now);
  }

  /** `undefined`: there is no such detector, or it is off. */
  report(id: string): LiveReport | undefined {
    const active = this.#active.get(id);
    return active && this.#trials.get(id)!.report({ active, thresholds: this.#options.thresholds(id) });
  }

  save(): SavedTrials {
    return {
      trials: [...this.#trials].map(([id, trial]) => [id, trial.save()]),
      newestDecision: this.#newestDecision,
      told: [...this.#told],
    };
  }

  /** Detectors that run as they did when `saved` was. */
  sameAs(saved: SavedTrials): Set<string> {
    const same = saved.trials.filter(([id, { signature }]) => this.#trials.get(id)?.signature === signature);
    return new Set(same.map(([id]) => id));
  }

  /**
   * Goes on with what was saved, of those that run as they did then, and takes in what was decided after
   * it was saved: `decisions` are all of the past day. Without `saved` those count as dealt with.
   */
  load(saved: SavedTrials | undefined, decisions: readonly Decision[]): void {
    const same = saved ? this.sameAs(saved) : new Set();
    for (const [id, one] of saved?.trials ?? []) {
      if (same.has(id)) this.#trials.set(id, new DetectorTrial(one.signature, this.#options, one));
    }
    for (const change of saved?.told ?? []) this.#told.add(change);
    this.#newestDecision = saved?.newestDecision ?? Math.max(0, ...decisions.map(({ id }) => id));
    for (const decision of decisions.toSorted((a, b) => a.id - b.id)) this.decided(decision);
  }
}

export interface SavedTrials {
  readonly trials: readonly (readonly [detector: string, trial: SavedTrial])[];
  readonly newestDecision: number;
  readonly told: readonly string[];
}

// helpers

/** All that decides what a detector finds, and what is done about it. */
function signatureOf({ definition, params, mode }: ActiveDetector): string {
  const { where, key, window, quiet, counters, fires, target } = definition;
  const rule = JSON.stringify([mode, params, where, key, window, quiet, Object.keys(counters)]);
  return createHash("sha256").update(`${rule}\n${fires.toString()}\n${target.toString()}`).digest("hex").slice(0, 16);
}
