import { floorParameters } from "./floor-parameters.ts";
import type { JudgeContext } from "./judge-context.ts";
import type { Figure } from "./judge.ts";
import type { ActiveDetector } from "./plan.ts";

/** What a threshold is tried at, as multiples of what it is. */
const multiples = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 7, 10];
/** No figure is as high. */
const beyondAll = 1e15;
/** Halvings after which a level that is no whole number is known to three digits. */
const halvings = 12;

/** What a detector judges by. */
export interface Judged {
  readonly figures: Readonly<Record<string, Figure>>;
  readonly context: JudgeContext;
}

/**
 * A numeric parameter of a detector, and other values for it; or all its floors that count something,
 * and multiples of what they are. How far a key came is asked of the detector itself: the highest value
 * at which it would still fire, all else as it is. So it counts whatever else the detector asks for,
 * and needs no word from its author.
 */
export class ThresholdKnob {
  /** One, or those that are multiplied together. */
  readonly parameters: readonly string[];
  /** What it is; 1 for multiples. */
  readonly value: number;
  /** Values it is tried at, ascending; its own is among them, and the first is about half of it. */
  readonly values: readonly number[];
  /** The fewest counted events with which it could fire at the lowest of them. */
  readonly floor: number;
  /** Whether it counts something, and so has no fractions. */
  readonly isWhole: boolean;
  readonly #detector: ActiveDetector;
  readonly #params: Record<string, unknown>;

  constructor(detector: ActiveDetector, parameters: readonly string[]) {
    const { definition, params } = detector;
    const [parameter] = parameters;
    this.#detector = detector;
    this.parameters = parameters;
    this.value = this.isJoint ? 1 : Number(params[parameter!]);
    this.isWhole = !this.isJoint && isWhole(detector, parameter!);
    const tried = multiples.map((multiple) => (multiple === 1 ? this.value : this.#rounded(this.value * multiple)));
    this.values = [...new Set(tried)].filter((value) => this.#accepts(value)).sort((a, b) => a - b);
    this.#params = { ...params };
    this.#turnTo(this.values[0]!);
    this.floor = definition.floor?.(this.#params) ?? 1;
  }

  /** Several parameters, by multiples of what they are. */
  get isJoint(): boolean {
    return this.parameters.length > 1;
  }

  /**
   * How far a key came: `undefined` when it would not fire at the lowest value, or fires because of it;
   * `Infinity` when it fires whatever the value; else an index into `values`. Throws what `fires` throws.
   */
  reached(judged: Judged): number | undefined {
    if (!this.#firesAt(this.values[0]!, judged)) return undefined;
    if (this.#firesAt(beyondAll, judged)) return Infinity;
    let low = 0;
    let high = this.values.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#firesAt(this.values[middle]!, judged)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The highest value at which it would fire, where `index` is what it `reached`. */
  level(index: number, judged: Judged): number {
    let low = this.values[index]!;
    let high = this.values[index + 1] ?? low * 2;
    while (index === this.values.length - 1 && high < beyondAll && this.#firesAt(high, judged)) {
      low = high;
      high *= 2;
    }
    const enough = () => (this.isWhole ? high - low <= 1 : false);
    for (let i = 0; !enough() && i < (this.isWhole ? 64 : halvings); i++) {
      const middle = this.isWhole ? Math.floor((low + high) / 2) : (low + high) / 2;
      if (this.#firesAt(middle, judged)) low = middle;
      else high = middle;
    }
    return this.isWhole ? low : Number(low.toPrecision(3));
  }

  /** What each of several parameters is. */
  get multiplesOf(): Record<string, number> {
    return Object.fromEntries(this.parameters.map((parameter) => [parameter, this.#valueOf(parameter, 1)]));
  }

  #firesAt(value: number, { figures, context }: Judged): boolean {
    this.#turnTo(value);
    return this.#detector.definition.fires(figures as never, this.#params, context);
  }

  #turnTo(value: number): void {
    for (const parameter of this.parameters) this.#params[parameter] = this.#valueOf(parameter, value);
  }

  #valueOf(parameter: string, value: number): number {
    return this.isJoint ? Number(this.#detector.params[parameter]) * value : value;
  }

  #accepts(value: number): boolean {
    const { definition, params } = this.#detector;
    // What counts something may be set to whole numbers alone; between them a multiple means the next one.
    const set = this.parameters.map((one) => [one, this.isJoint ? Math.ceil(this.#valueOf(one, value)) : value]);
    return definition.params.safeParse({ ...params, ...Object.fromEntries(set) }).success;
  }

  #rounded(value: number): number {
    return this.isWhole ? Math.round(value) : Number(value.toPrecision(2));
  }
}

/** A knob for each numeric parameter that may have other values, and one for all floors that count something. */
export function knobsOf(detector: ActiveDetector): ThresholdKnob[] {
  const numeric = Object.keys(detector.params).filter((name) => Number(detector.params[name]) > 0 && typeof detector.params[name] === "number"); // prettier-ignore
  const counting = floorParameters(detector, numeric).filter((name) => isWhole(detector, name));
  const together = counting.length > 1 ? [counting] : [];
  const knobs = [...numeric.map((name) => [name]), ...together].map((names) => new ThresholdKnob(detector, names));
  return knobs.filter(({ values }) => values.length > 1);
}

// helpers

function isWhole({ definition, params }: ActiveDetector, parameter: string): boolean {
  const value = Number(params[parameter]);
  const accepts = (other: number) => definition.params.safeParse({ ...params, [parameter]: other }).success;
  return Number.isInteger(value) && !accepts(value + 0.5) && !accepts(value - 0.5);
}
