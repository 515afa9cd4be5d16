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
 * One numeric parameter of a detector, and other values for it. How far a key came is asked of the
 * detector itself: the highest value at which it would still fire, all else as it is. So it counts
 * whatever else the detector asks for, and needs no word from its author.
 */
export class ThresholdKnob {
  readonly parameter: string;
  readonly value: number;
  /** Values it is tried at, ascending; its own is among them, and the first is about half of it. */
  readonly values: readonly number[];
  /** The fewest counted events with which it could fire at the lowest of them. */
  readonly floor: number;
  readonly #detector: ActiveDetector;
  /** Whether it counts something, and so has no fractions. */
  readonly isWhole: boolean;
  readonly #params: Record<string, unknown>;

  constructor(detector: ActiveDetector, parameter: string) {
    const { definition, params } = detector;
    this.#detector = detector;
    this.parameter = parameter;
    this.value = Number(params[parameter]);
    const accepts = (value: number) => definition.params.safeParse({ ...params, [parameter]: value }).success;
    this.isWhole = Number.isInteger(this.value) && !accepts(this.value + 0.5) && !accepts(this.value - 0.5);
    const tried = multiples.map((multiple) => (multiple === 1 ? this.value : this.#rounded(this.value * multiple)));
    this.values = [...new Set(tried)].filter(accepts).sort((a, b) => a - b);
    this.#params = { ...params };
    this.#params[parameter] = this.values[0];
    this.floor = definition.floor?.(this.#params) ?? 1;
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

  #firesAt(value: number, { figures, context }: Judged): boolean {
    this.#params[this.parameter] = value;
    return this.#detector.definition.fires(figures as never, this.#params, context);
  }

  #rounded(value: number): number {
    return this.isWhole ? Math.round(value) : Number(value.toPrecision(2));
  }
}

/** A knob for each numeric parameter that may have other values. */
export function knobsOf(detector: ActiveDetector): ThresholdKnob[] {
  const numeric = Object.entries(detector.params).filter(([, value]) => typeof value === "number" && value > 0);
  return numeric.map(([parameter]) => new ThresholdKnob(detector, parameter)).filter(({ values }) => values.length > 1);
}
