import type { Observations } from "./observations.ts";

/** Observations by column, many rows' in a line. */
export interface SparseColumns {
  readonly times: Float64Array;
  readonly hashes: Uint32Array;
  readonly masks: Uint32Array;
  readonly evidence: Uint32Array;
  /** Numbers of the ring of samples, or 0. */
  readonly samples: Uint32Array;
  readonly values: Float64Array;
}

/** One lane's observations of some rows as they were at one moment, by the rows' places. */
export class HeldRows {
  /** How many each row has. */
  readonly counts: Uint8Array;
  /** Numbers an observation carries. */
  readonly width: number;
  readonly #lane: number;
  readonly #isOrdered: boolean;
  readonly #store: ReturnType<Observations["held"]>;

  constructor(options: {
    counts: Uint8Array;
    width: number;
    lane: number;
    isOrdered: boolean;
    store: ReturnType<Observations["held"]>;
  }) {
    this.counts = options.counts;
    this.width = options.width;
    this.#lane = options.lane;
    this.#isOrdered = options.isOrdered;
    this.#store = options.store;
  }

  /** Those of the rows from one place to before another. */
  columns(begin: number, end: number): SparseColumns {
    let total = 0;
    for (let place = begin; place < end; place++) total += this.counts[place]!;
    const into = {
      times: new Float64Array(total),
      hashes: new Uint32Array(total),
      masks: new Uint32Array(total),
      evidence: new Uint32Array(total),
      samples: new Uint32Array(total),
      values: new Float64Array(total * this.width),
    };
    let to = 0;
    for (let place = begin; place < end; place++) if (this.counts[place] !== 0) to = this.#copy(place, into, to);
    return into;
  }

  #copy(place: number, into: SparseColumns, begin: number): number {
    const store = this.#store;
    let to = begin;
    for (let at = store.first(place); at !== 0; at = store.next(at)) {
      const part = store.part(at, this.#lane);
      if (part === undefined) continue;
      const { mask, evidence, numbers } = part.sight;
      into.times[to] = store.time(at);
      into.hashes[to] = this.#isOrdered ? store.hash(at) : 0;
      into.masks[to] = mask;
      into.evidence[to] = evidence;
      into.samples[to] = store.sample(at, part);
      for (const number of numbers) into.values[to * this.width + number] = store.value(at, part, number);
      to++;
    }
    return to;
  }
}
