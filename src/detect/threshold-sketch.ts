import { type Customers, personOf, type Standing } from "./customers.ts";
import type { Judgement } from "./judgement.ts";
import type { ActiveDetector } from "./plan.ts";
import { addPacked, binOf, packed, quantileOf, sketchBins } from "./sketch.ts";
import { knobsOf, type ThresholdKnob } from "./threshold-knob.ts";

/** Keys that are near a threshold at once; each takes a kilobyte or so. */
const maxNear = 2_048;
/** Sketches count from 1: shares are counted in thousandths. */
const thousandths = 1_000;

/** What a detector would have found at one value of a parameter, all else as it is. */
export interface AtValue {
  readonly value: number;
  readonly detections: number;
  /** Of those: keys that had bought before, and keys that had only signed in. */
  readonly bought: number;
  readonly signedIn: number;
}

/** What one numeric parameter of a detector came to mean for what was seen. */
export interface ThresholdReport {
  /** Its name; several with commas between where they are multiplied together. */
  readonly parameter: string;
  /** Of several parameters together what each is: all values are multiples of these. */
  readonly multiplesOf?: Readonly<Record<string, number>>;
  /** What it is; 1 where it is a multiple. */
  readonly value: number;
  /** How often a key came to half of it or more, and how far: the highest value at which it would still have fired. */
  readonly near: {
    readonly times: number;
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  /** How far those came at most who had bought, had only signed in, or neither; left out where there were none. */
  readonly highest: Readonly<Partial<Record<Standing, number>>>;
  /** Ascending by value; its own is among them. */
  readonly at: readonly AtValue[];
  /** Detections that another of the detector's conditions makes, however high this one is. */
  readonly always: number;
}

/** A key that came near, until it was quiet for as long as it takes to close an episode. */
interface Near {
  readonly standing: Standing | undefined;
  /** When it was last near, epoch ms. */
  lastNear: number;
  /** By knob and value: when it would last have fired, epoch ms; 0: not yet. */
  readonly lastFired: readonly Float64Array[];
  /** By knob: how far it came; `Infinity` once it fired whatever the value. */
  readonly peaks: Float64Array;
}

/** How keys fared with one knob. */
interface Tally {
  readonly knob: ThresholdKnob;
  readonly scale: number;
  readonly levels: Uint32Array;
  times: number;
  max: number;
  readonly highest: Partial<Record<Standing, number>>;
  /** By value, and one more for what fires whatever it is: detections, and those of customers. */
  readonly detections: Uint32Array;
  readonly bought: Uint32Array;
  readonly signedIn: Uint32Array;
}

/**
 * How near keys came to a detector's thresholds, and how often it would have fired at others. It takes a
 * bounded amount of memory; a key that comes near while too many are is left out, and counted.
 */
export class ThresholdSketch {
  /** The fewest counted events of a key that matter here. */
  readonly floor: number;
  /** Keys left out for want of room. */
  leftOut = 0;
  /** Judgements at which the detector threw, for a value that it was not made for. */
  faults = 0;
  readonly #tallies: readonly Tally[];
  readonly #customers: Pick<Customers, "of"> | undefined;
  /** By key, the one that was near longest ago first. */
  readonly #near = new Map<string, Near>();

  constructor(detector: ActiveDetector, customers: Pick<Customers, "of"> | undefined) {
    const knobs = knobsOf(detector);
    this.#tallies = knobs.map(newTally);
    this.#customers = customers;
    this.floor = Math.min(detector.definition.floor?.(detector.params) ?? 1, ...knobs.map(({ floor }) => floor));
  }

  add(judgement: Judgement): void {
    const { end, name } = judgement;
    const { quietMs } = judgement.detector;
    this.#forgetBefore(end - quietMs);
    const reached = this.#reachedBy(judgement);
    if (reached === undefined) return;
    const near = this.#near.get(name) ?? this.#begin(judgement);
    if (near === undefined) return;
    this.#near.delete(name);
    this.#near.set(name, near);
    near.lastNear = end;
    this.#tallies.forEach((tally, k) => {
      const index = reached[k];
      if (index === undefined) return;
      const last = near.lastFired[k]!;
      for (let i = index === Infinity ? tally.knob.values.length : index; i >= 0; i--) {
        if (end - last[i]! > quietMs) fired(tally, i, near.standing);
        last[i] = end;
      }
      const peak = near.peaks[k]!;
      if (peak === Infinity) return;
      near.peaks[k] = index === Infinity ? Infinity : Math.max(peak, this.#levelOf(tally, index, judgement));
    });
  }

  /** One report for each parameter that decided anything, the one that most detections hang on first; several together come last. */
  reports(): ThresholdReport[] {
    // Keys that are near now count as far as they came.
    const tallies = this.#tallies.map((tally) => ({
      ...tally,
      levels: tally.levels.slice(),
      highest: { ...tally.highest },
    }));
    for (const near of this.#near.values()) tallies.forEach((tally, k) => settle(tally, near.peaks[k]!, near.standing));
    return tallies
      .filter(({ times }) => times > 0)
      .map(reportOf)
      .sort(
        (a, b) =>
          Number(a.multiplesOf !== undefined) - Number(b.multiplesOf !== undefined) ||
          a.always - b.always ||
          b.near.times - a.near.times,
      );
  }

  /** A copy, in few arrays: what is counted meanwhile doesn't change it, and it is taken while everything waits. */
  save(): SavedSketch {
    const near = [...this.#near.values()];
    const width = this.#numbersOfOne();
    const numbers = new Float64Array(near.length * width);
    near.forEach(({ lastNear, lastFired, peaks }, i) => {
      numbers[i * width] = lastNear;
      numbers.set(peaks, i * width + 1);
      let at = i * width + 1 + peaks.length;
      for (const times of lastFired) {
        numbers.set(times, at);
        at += times.length;
      }
    });
    return {
      tallies: this.#tallies.map(({ levels, times, max, highest, detections, bought, signedIn }) => ({
        ...{ levels: packed(levels), times, max, highest: { ...highest } },
        ...{ detections: detections.slice(), bought: bought.slice(), signedIn: signedIn.slice() },
      })),
      names: [...this.#near.keys()],
      standings: near.map(({ standing }) => standing),
      numbers,
      ...{ leftOut: this.leftOut, faults: this.faults },
    };
  }

  /** Goes on with what a sketch of the same detector saved. */
  load(saved: SavedSketch): void {
    const isSame = this.#tallies.every((tally, k) => tally.detections.length === saved.tallies[k]?.detections.length);
    if (!isSame) return;
    this.#tallies.forEach((tally, k) => {
      const { levels, ...rest } = saved.tallies[k]!;
      addPacked(tally.levels, levels);
      Object.assign(tally, rest);
    });
    const width = this.#numbersOfOne();
    saved.names.forEach((name, i) => {
      let at = i * width + 1 + this.#tallies.length;
      const lastFired = this.#tallies.map(({ detections: { length } }) => saved.numbers.slice(at, (at += length)));
      const peaks = saved.numbers.slice(i * width + 1, i * width + 1 + this.#tallies.length);
      this.#near.set(name, { standing: saved.standings[i], lastNear: saved.numbers[i * width]!, lastFired, peaks });
    });
    this.leftOut = saved.leftOut;
    this.faults = saved.faults;
  }

  /** Numbers that are saved of a key: when it was near, how far it came by each knob, and when it would have fired at each value. */
  #numbersOfOne(): number {
    return this.#tallies.reduce((sum, { detections }) => sum + 1 + detections.length, 1);
  }

  #begin(judgement: Judgement): Near | undefined {
    if (this.#near.size >= maxNear) {
      this.leftOut++;
      return undefined;
    }
    const person = personOf(judgement.key());
    return {
      standing: person && this.#customers?.of(person, judgement.firstSeen()),
      lastNear: judgement.end,
      lastFired: this.#tallies.map(({ detections }) => new Float64Array(detections.length)),
      peaks: new Float64Array(this.#tallies.length),
    };
  }

  /** Of each knob how far the key came; `undefined` when it is near by none. */
  #reachedBy(judgement: Judgement): (number | undefined)[] | undefined {
    try {
      const reached = this.#tallies.map(({ knob }) => knob.reached(judgement));
      return reached.some((index) => index !== undefined) ? reached : undefined;
    } catch {
      this.faults++;
      return undefined;
    }
  }

  #levelOf({ knob }: Tally, index: number, judgement: Judgement): number {
    try {
      return knob.level(index, judgement);
    } catch {
      this.faults++;
      return knob.values[index]!;
    }
  }

  /** Whoever was not near since then has been quiet for long enough. */
  #forgetBefore(time: number): void {
    for (const [name, near] of this.#near) {
      if (near.lastNear >= time) return;
      this.#tallies.forEach((tally, k) => settle(tally, near.peaks[k]!, near.standing));
      this.#near.delete(name);
    }
  }
}

/** By knob how keys fared; and those that are near, with their numbers one after the other. */
export interface SavedSketch {
  readonly tallies: readonly Omit<Tally, "knob" | "scale">[];
  readonly names: readonly string[];
  readonly standings: readonly (Standing | undefined)[];
  readonly numbers: Float64Array;
  readonly leftOut: number;
  readonly faults: number;
}

// helpers

function newTally(knob: ThresholdKnob): Tally {
  const counts = () => new Uint32Array(knob.values.length + 1);
  return {
    knob,
    scale: knob.isWhole ? 1 : thousandths,
    levels: new Uint32Array(sketchBins),
    times: 0,
    max: 0,
    highest: {},
    detections: counts(),
    bought: counts(),
    signedIn: counts(),
  };
}

function fired(tally: Tally, index: number, standing: Standing | undefined): void {
  tally.detections[index]!++;
  if (standing === "bought") tally.bought[index]!++;
  if (standing === "signedIn") tally.signedIn[index]!++;
}

/** A key is near no more: `level` is how far it came, 0 or infinite when this knob decided nothing. */
function settle(tally: Tally, level: number, standing: Standing | undefined): void {
  if (level === 0 || level === Infinity) return;
  tally.levels[binOf(level * tally.scale)]!++;
  tally.times++;
  tally.max = Math.max(tally.max, level);
  if (standing !== undefined) tally.highest[standing] = Math.max(tally.highest[standing] ?? 0, level);
}

function reportOf(tally: Tally): ThresholdReport {
  const { knob, scale, levels, times, max, highest, detections, bought, signedIn } = tally;
  const quantile = (q: number) => {
    const value = Math.min(max, quantileOf(levels, q)! / scale);
    return knob.isWhole ? Math.round(value) : Number(value.toPrecision(3));
  };
  return {
    parameter: knob.parameters.join(", "),
    ...(knob.isJoint ? { multiplesOf: knob.multiplesOf } : {}),
    value: knob.value,
    near: { times, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), p999: quantile(0.999), max },
    highest: { ...highest },
    at: knob.values.map((value, i) => ({
      ...{ value, detections: detections[i]!, bought: bought[i]!, signedIn: signedIn[i]! },
    })),
    always: detections.at(-1)!,
  };
}
