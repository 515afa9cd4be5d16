import type { Customers } from "./customers.ts";
import type { Judgement, JudgementWatcher } from "./judgement.ts";
import type { ActiveDetector, BoundDetector } from "./plan.ts";
import { type SavedSketch, type ThresholdReport, ThresholdSketch } from "./threshold-sketch.ts";

/** What is told of one detector's thresholds. */
export interface DetectorThresholds {
  readonly parameters: readonly ThresholdReport[];
  /** Keys that came near while there was no room to follow them. */
  readonly leftOut: number;
}

/** Follows how near keys come to the thresholds of chosen detectors. It has no part in what they find. */
export class ThresholdWatcher implements JudgementWatcher {
  readonly #isWatched: (detector: ActiveDetector) => boolean;
  readonly #customers: Pick<Customers, "of"> | undefined;
  readonly #sketches = new Map<string, { readonly params: string; readonly sketch: ThresholdSketch }>();

  /** `isWatched`: asked when a detector is first judged with its parameters. Without `customers` nobody is told to be one. */
  constructor(options: {
    readonly isWatched: (detector: ActiveDetector) => boolean;
    readonly customers?: Pick<Customers, "of"> | undefined;
  }) {
    this.#isWatched = options.isWatched;
    this.#customers = options.customers;
  }

  floorOf({ active }: BoundDetector): number | undefined {
    return this.#isWatched(active) ? this.#sketchOf(active).floor : undefined;
  }

  judged(judgement: Judgement): void {
    this.#sketchOf(judgement.detector.active).add(judgement);
  }

  /** `undefined` while nothing was judged. */
  of(detector: string): DetectorThresholds | undefined {
    const sketch = this.#sketches.get(detector)?.sketch;
    return sketch && { parameters: sketch.reports(), leftOut: sketch.leftOut };
  }

  /** Begins anew with a detector. */
  forget(detector: string): void {
    this.#sketches.delete(detector);
  }

  save(): SavedThresholds {
    return [...this.#sketches].map(([detector, { params, sketch }]) => ({ detector, params, sketch: sketch.save() }));
  }

  /** Goes on with what was saved, of those of `detectors` that have the same parameters. */
  load(saved: SavedThresholds, detectors: readonly ActiveDetector[]): void {
    for (const active of detectors) {
      const known = saved.find(({ detector }) => detector === active.definition.id);
      if (!known || known.params !== JSON.stringify(active.params) || !this.#isWatched(active)) continue;
      const sketch = new ThresholdSketch(active, this.#customers);
      sketch.load(known.sketch);
      this.#sketches.set(known.detector, { params: known.params, sketch });
    }
  }

  /** Other parameters make another sketch: what was near the old ones says little. */
  #sketchOf(active: ActiveDetector): ThresholdSketch {
    const known = this.#sketches.get(active.definition.id);
    if (known && this.#last.get(active) === known.sketch) return known.sketch;
    const params = JSON.stringify(active.params);
    const sketch = known?.params === params ? known.sketch : new ThresholdSketch(active, this.#customers);
    this.#sketches.set(active.definition.id, { params, sketch });
    this.#last.set(active, sketch);
    return sketch;
  }

  readonly #last = new WeakMap<ActiveDetector, ThresholdSketch>();
}

export type SavedThresholds = readonly {
  readonly detector: string;
  readonly params: string;
  readonly sketch: SavedSketch;
}[];
