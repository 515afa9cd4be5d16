import { bitmapWords, setBit } from "./bitmap.ts";
import { keepEarliest, type Sample } from "./sample.ts";
import { sketchBins } from "./sketch.ts";
import type { Scratch, Slot } from "./slot.ts";

/** Samples kept of each bucket. */
export const samplesPerBucket = 10;

/** Room for samples over all rings of a lane. */
export interface SampleBudget {
  left: number;
  dropped: number;
}

/** Where a lane's slots have their columns in a ring. */
export interface RingLayout {
  /** Buckets it holds at once. */
  readonly size: number;
  readonly slots: readonly Slot[];
  /** By slot: its column among the numbers, the bitmaps, or the sketches, or -1. */
  readonly numberAt: readonly number[];
  readonly bitmapAt: readonly number[];
  readonly sketchAt: readonly number[];
  readonly numbers: number;
  readonly bitmaps: number;
  readonly sketches: number;
}

export function ringLayout(slots: readonly Slot[], size: number): RingLayout {
  let numbers = 0;
  let bitmaps = 0;
  let sketches = 0;
  const isNumber = ({ kind }: Slot) => kind === "count" || kind === "sum" || kind === "max";
  const numberAt = slots.map((slot) => (isNumber(slot) ? numbers++ : -1));
  const bitmapAt = slots.map(({ kind }) => (kind === "distinct" ? bitmaps++ : -1));
  const sketchAt = slots.map(({ kind }) => (kind === "quantile" ? sketches++ : -1));
  return { size, slots, numberAt, bitmapAt, sketchAt, numbers, bitmaps, sketches };
}

/** One busy row's buckets: what each slot counted in each of them. */
export class BucketRing {
  /** Events of all buckets it holds. */
  total = 0;
  /** The row it belongs to, or -1; when it was written last. */
  row = -1;
  written = 0;
  /** By cell: the bucket that has it (0: none), its events, and whose evidence they are. */
  readonly tags: Uint32Array;
  readonly events: Uint32Array;
  readonly evidence: Uint32Array;
  /** Counts, sums and largest values. */
  readonly numbers: Float64Array;
  readonly bitmaps: Uint32Array;
  /** Made when a cell has something to count. */
  readonly #sketches: (Uint32Array | undefined)[];
  readonly #samples = new Map<number, Sample[]>();
  readonly #budget: SampleBudget;
  readonly #layout: RingLayout;

  constructor(layout: RingLayout, budget: SampleBudget) {
    this.#layout = layout;
    this.#budget = budget;
    this.tags = new Uint32Array(layout.size);
    this.events = new Uint32Array(layout.size);
    this.evidence = new Uint32Array(layout.size);
    this.numbers = new Float64Array(layout.size * layout.numbers);
    this.bitmaps = new Uint32Array(layout.size * layout.bitmaps * bitmapWords);
    this.#sketches = Array.from<Uint32Array | undefined>({ length: layout.size * layout.sketches });
  }

  /** Memory of its columns. */
  get bytes(): number {
    const columns = [this.tags, this.events, this.evidence, this.numbers, this.bitmaps];
    return columns.reduce((sum, column) => sum + column.byteLength, 0);
  }

  cellOf(bucket: number): number {
    return bucket % this.#layout.size;
  }

  /** By bit: whose evidence a bucket holds. */
  evidenceAt(bucket: number): number {
    const cell = this.cellOf(bucket);
    return this.tags[cell] === bucket ? this.evidence[cell]! : 0;
  }

  /** The cell for a bucket, emptied when an older bucket had it; -1 when a newer one has it. */
  cellFor(bucket: number): number {
    const cell = bucket % this.#layout.size;
    const tag = this.tags[cell]!;
    if (tag === bucket) return cell;
    if (tag > bucket) return -1;
    this.#clear(cell);
    this.tags[cell] = bucket;
    return cell;
  }

  /** Counts one event in its bucket, unless that is so old that another has its cell. */
  add(bucket: number, { evidence, sample }: { evidence: number; sample: Sample | undefined }, scratch: Scratch): void {
    const cell = this.cellFor(bucket);
    if (cell === -1) return;
    if (sample !== undefined) this.addSample(cell, sample);
    const { slots, numberAt, bitmapAt, numbers, bitmaps } = this.#layout;
    this.total++;
    this.events[cell]!++;
    this.evidence[cell]! |= evidence;
    for (let left = scratch.mask; left !== 0; left &= left - 1) {
      const s = 31 - Math.clz32(left & -left);
      const slot = slots[s]!;
      const at = cell * numbers + numberAt[s]!;
      switch (slot.kind) {
        case "count":
          this.numbers[at]!++;
          break;
        case "sum":
          this.numbers[at]! += scratch.values[slot.at]!;
          break;
        case "max":
          this.numbers[at] = Math.max(this.numbers[at]!, scratch.values[slot.at]!);
          break;
        case "distinct":
          setBit(this.bitmaps, (cell * bitmaps + bitmapAt[s]!) * bitmapWords, scratch.values[slot.at]!);
          break;
        case "quantile":
          this.sketchAt(cell, s)[scratch.values[slot.at]!]!++;
          break;
        default:
      }
    }
  }

  /** Of the bucket that has a cell. */
  samplesOf(cell: number): readonly Sample[] {
    return this.#samples.get(cell) ?? [];
  }

  /** False when the bucket already holds enough earlier samples. */
  wantsSample(bucket: number, time: number): boolean {
    const cell = this.cellOf(bucket);
    const kept = this.tags[cell] === bucket ? this.#samples.get(cell) : undefined;
    return kept === undefined || kept.length < samplesPerBucket || time <= kept[kept.length - 1]!.time;
  }

  addSample(cell: number, sample: Sample): void {
    const kept = this.#samples.get(cell) ?? [];
    if (kept.length < samplesPerBucket && this.#budget.left === 0) {
      this.#budget.dropped++;
      return;
    }
    const before = kept.length;
    keepEarliest(kept, sample, samplesPerBucket);
    this.#budget.left -= kept.length - before;
    this.#samples.set(cell, kept);
  }

  /** What a slot's sketch counted in a cell; `undefined` where it is nothing. */
  sketch(cell: number, slot: number): Uint32Array | undefined {
    return this.#sketches[cell * this.#layout.sketches + this.#layout.sketchAt[slot]!];
  }

  /** The same, made when there is none. */
  sketchAt(cell: number, slot: number): Uint32Array {
    const at = cell * this.#layout.sketches + this.#layout.sketchAt[slot]!;
    return (this.#sketches[at] ??= new Uint32Array(sketchBins));
  }

  /** Forgets everything, to be another row's. */
  reset(): void {
    this.total = 0;
    this.tags.fill(0);
    this.events.fill(0);
    this.evidence.fill(0);
    this.#sketches.fill(undefined);
    for (const kept of this.#samples.values()) this.#budget.left += kept.length;
    this.#samples.clear();
  }

  #clear(cell: number): void {
    const { slots, numberAt, numbers, bitmaps } = this.#layout;
    this.total -= this.events[cell]!;
    this.events[cell] = 0;
    this.evidence[cell] = 0;
    for (let s = 0; s < slots.length; s++) {
      if (numberAt[s]! >= 0) this.numbers[cell * numbers + numberAt[s]!] = slots[s]!.kind === "max" ? -Infinity : 0;
    }
    this.bitmaps.fill(0, cell * bitmaps * bitmapWords, (cell + 1) * bitmaps * bitmapWords);
    const { sketches } = this.#layout;
    for (let at = cell * sketches; at < (cell + 1) * sketches; at++) this.#sketches[at] = undefined;
    this.#budget.left += this.#samples.get(cell)?.length ?? 0;
    this.#samples.delete(cell);
  }
}
