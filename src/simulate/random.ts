/**
 * Numbers that look random and are the same for the same seed on every machine: sfc32, and nothing but
 * whole numbers, sums and products, since logarithms and sines differ from one processor to another.
 */
export class Random {
  /** The generator's four words. */
  readonly #words = new Int32Array(4);

  /** `name` tells streams of one seed apart: what one of them is used for changes no other. */
  constructor(seed: number, name: string) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    this.#words.set([seed | 0, hash, mixed(seed, hash), 1]);
    for (let i = 0; i < 12; i++) this.word();
  }

  /** 32 bits, unsigned. */
  word(): number {
    const w = this.#words;
    const b = w[1]!;
    const c = w[2]!;
    const d = w[3]!;
    const t = (w[0]! + b + d) | 0;
    w[3] = d + 1;
    w[0] = b ^ (b >>> 9);
    w[1] = c + (c << 3);
    w[2] = ((c << 21) | (c >>> 11)) + t;
    return t >>> 0;
  }

  /** From 0 to below 1. */
  fraction(): number {
    return this.word() / 4294967296;
  }

  /** A whole number from 0 to below `n`. */
  below(n: number): number {
    return Math.floor((this.word() / 4294967296) * n);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.word() < probability * 4294967296;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** A waiting time with this mean, rounded up to a whole number from 1: most are short, a few long. */
  wait(mean: number): number {
    const at = this.fraction() * steps;
    const i = Math.floor(at);
    const low = quantiles[i] as number;
    return Math.floor((low + (at - i) * ((quantiles[i + 1] as number) - low)) * mean) + 1;
  }

  /** A list in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const k = this.below(i + 1);
      [copy[i], copy[k]] = [copy[k] as T, copy[i] as T];
    }
    return copy;
  }
}

/** A whole number of 32 bits for two others: the same always, and for near ones far apart. */
export function mixed(a: number, b: number): number {
  let h = (Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(b, 0xc2b2ae35)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

// helpers

/** Into how many steps the exponential distribution is cut; the last one ends at about nine times the mean. */
const steps = 4_096;

/** Its quantiles, -ln(1 - i / steps), by sums alone: ln(1 - x) from one step to the next is a short series. */
const quantiles = new Float64Array(steps + 1);
for (let i = 1; i < steps; i++) {
  const x = 1 / (steps - i + 1);
  let term = x;
  let sum = 0;
  for (let n = 1; n <= 60; n++) {
    sum += term / n;
    term *= x;
  }
  quantiles[i] = (quantiles[i - 1] as number) + sum;
}
quantiles[steps] = (quantiles[steps - 1] as number) + 1;
