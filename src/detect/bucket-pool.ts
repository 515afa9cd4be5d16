import type { Known } from "./define-detector.ts";
import { bitmapWords, countDistinct, setBit } from "./bitmap.ts";
import { addPacked, packed, quantileOf, sketchBins } from "./sketch.ts";
import type { Sample } from "./sample.ts";
import { keepEarliest } from "./sample.ts";
import { known, type Scratch, type Slot } from "./slot.ts";

/** Samples kept of each bucket, and of all buckets together. */
export const samplesPerBucket = 10;
const samplesInAll = 200_000;

/**
 * Rings of buckets for the few rows that are busy. A fixed number of rings; when all are taken, the
 * one that was written longest ago gives way, and that is counted.
 */
export class BucketPool {
  used = 0;
  takenOver = 0;
  samplesDropped = 0;
  readonly #slots: readonly Slot[];
  readonly #ring: number;
  readonly #size: number;
  /** For each row: its ring's number and one, or 0. */
  readonly #ringOf: Int32Array;
  readonly #rowOf: Int32Array;
  readonly #written: Float64Array;
  /** The bucket each cell holds; 0: none. */
  readonly #tags: Uint32Array;
  readonly #free: number[];
  #hand = 0;
  /** For each slot: one number a bucket (count, sum, max), or a bitmap a bucket (distinct). */
  readonly #numbers: (Float64Array | undefined)[];
  readonly #bitmaps: (Uint32Array | undefined)[];
  /** By slot and cell: the sketches (quantile) of those that counted a value. */
  readonly #sketches: (Map<number, Uint32Array> | undefined)[];
  readonly #samples = new Map<number, Sample[]>();
  #sampleCount = 0;
  #clock = 0;
  readonly #union = new Uint32Array(bitmapWords);

  constructor(options: { owners: number; slots: readonly Slot[]; ring: number; size: number }) {
    this.#slots = options.slots;
    this.#ring = options.ring;
    this.#size = options.size;
    const cells = this.#size * this.#ring;
    this.#ringOf = new Int32Array(options.owners);
    this.#rowOf = new Int32Array(this.#size).fill(-1);
    this.#written = new Float64Array(this.#size);
    this.#tags = new Uint32Array(cells);
    this.#free = Array.from({ length: this.#size }, (_, i) => this.#size - 1 - i);
    const counted = (slot: Slot) => slot.kind === "count" || slot.kind === "sum" || slot.kind === "max";
    this.#numbers = options.slots.map((slot) => (counted(slot) ? new Float64Array(cells) : undefined));
    this.#bitmaps = options.slots.map((slot) =>
      slot.kind === "distinct" ? new Uint32Array(cells * bitmapWords) : undefined,
    );
    this.#sketches = options.slots.map((slot) => (slot.kind === "quantile" ? new Map() : undefined));
  }

  has(row: number): boolean {
    return this.#ringOf[row] !== 0;
  }

  /** Gives a row a ring; returns the row that lost its own for it, or -1. */
  take(row: number): number {
    let loser = -1;
    if (this.#free.length === 0) {
      loser = this.#rowOf[this.#quietest()]!;
      this.release(loser);
      this.takenOver++;
    }
    const ring = this.#free.pop()!;
    this.used++;
    this.#rowOf[ring] = row;
    this.#ringOf[row] = ring + 1;
    this.#written[ring] = ++this.#clock;
    return loser;
  }

  release(row: number): void {
    const ring = this.#ringOf[row]! - 1;
    if (ring < 0) return;
    for (let cell = ring * this.#ring; cell < (ring + 1) * this.#ring; cell++) this.#clear(cell, 0);
    this.#ringOf[row] = 0;
    this.#rowOf[ring] = -1;
    this.#free.push(ring);
    this.used--;
  }

  add(row: number, bucket: number, scratch: Scratch): void {
    const cell = this.#cellFor(row, bucket);
    if (cell === -1) return;
    for (let s = 0; s < this.#slots.length; s++) {
      const slot = this.#slots[s]!;
      if ((scratch.mask & slot.bit) === 0) continue;
      const value = scratch.values[slot.at]!;
      const numbers = this.#numbers[s];
      if (slot.kind === "count") numbers![cell]!++;
      else if (slot.kind === "sum") numbers![cell]! += value;
      else if (slot.kind === "max") numbers![cell] = Math.max(numbers![cell]!, value);
      else if (slot.kind === "distinct") setBit(this.#bitmaps[s]!, cell * bitmapWords, value);
      else if (slot.kind === "quantile") this.#sketchAt(s, cell)[value]!++;
    }
  }

  /** False when the bucket already holds enough earlier samples. */
  wantsSample(row: number, at: { bucket: number; time: number }): boolean {
    const cell = this.#cellOf(row, at.bucket);
    if (this.#tags[cell] !== at.bucket) return true;
    const kept = this.#samples.get(cell);
    return kept === undefined || kept.length < samplesPerBucket || at.time <= kept[kept.length - 1]!.time;
  }

  addSample(row: number, bucket: number, sample: Sample): void {
    const cell = this.#cellFor(row, bucket);
    if (cell === -1) return;
    const kept = this.#samples.get(cell) ?? [];
    if (kept.length < samplesPerBucket && this.#sampleCount >= samplesInAll) {
      this.samplesDropped++;
      return;
    }
    const before = kept.length;
    keepEarliest(kept, sample, samplesPerBucket);
    this.#sampleCount += kept.length - before;
    this.#samples.set(cell, kept);
  }

  figure(row: number, slot: Slot, { begin, end }: { begin: number; end: number }): number | Known {
    const s = this.#slots.indexOf(slot);
    const numbers = this.#numbers[s];
    const bitmaps = this.#bitmaps[s];
    if (slot.counter.kind === "quantile")
      return known(quantileOf(this.#merged(row, s, { begin, end }), slot.counter.q));
    this.#union.fill(0);
    let total = nothing(slot);
    for (let bucket = begin; bucket <= end; bucket++) {
      const cell = this.#cellOf(row, bucket);
      if (this.#tags[cell] !== bucket) continue;
      if (bitmaps) for (let w = 0; w < bitmapWords; w++) this.#union[w]! |= bitmaps[cell * bitmapWords + w]!;
      else if (slot.kind === "max") total = Math.max(total, numbers![cell]!);
      else total += numbers![cell]!;
    }
    if (!bitmaps) return total === -Infinity ? 0 : total;
    return known(countDistinct(this.#union) || undefined);
  }

  samples(row: number, begin: number, end: number): Sample[] {
    const found: Sample[] = [];
    for (let bucket = begin; bucket <= end; bucket++) {
      const cell = this.#cellOf(row, bucket);
      if (this.#tags[cell] === bucket) found.push(...(this.#samples.get(cell) ?? []));
    }
    return found;
  }

  /** The buckets of a row that has a ring, as plain data. */
  save(row: number): SavedRing {
    const from = (this.#ringOf[row]! - 1) * this.#ring;
    const buckets = Array.from(this.#tags.subarray(from, from + this.#ring)).filter((tag) => tag !== 0);
    return buckets.map((bucket) => {
      const cell = this.#cellOf(row, bucket);
      return {
        bucket,
        numbers: this.#numbers.map((column) => column?.[cell]),
        bitmaps: this.#bitmaps.map((column) => column?.slice(cell * bitmapWords, (cell + 1) * bitmapWords)),
        sketches: this.#sketches.map((column) => (column?.has(cell) ? packed(column.get(cell)!) : undefined)),
        samples: [...(this.#samples.get(cell) ?? [])],
      };
    });
  }

  /** Adds buckets that were saved, or counted elsewhere, to those of a row that has a ring. */
  merge(row: number, saved: SavedRing): void {
    for (const { bucket, numbers, bitmaps, sketches, samples } of saved) {
      const cell = this.#cellFor(row, bucket);
      if (cell === -1) continue;
      this.#slots.forEach((slot, s) => {
        const column = this.#numbers[s];
        const value = numbers[s];
        if (column && value !== undefined)
          column[cell] = slot.kind === "max" ? Math.max(column[cell]!, value) : column[cell]! + value;
        const words = bitmaps[s];
        const bitmap = this.#bitmaps[s];
        if (bitmap && words) for (let w = 0; w < bitmapWords; w++) bitmap[cell * bitmapWords + w]! |= words[w]!;
        const pairs = sketches[s];
        if (this.#sketches[s] && pairs) addPacked(this.#sketchAt(s, cell), pairs);
      });
      for (const sample of samples) this.addSample(row, bucket, sample);
    }
  }

  #sketchAt(s: number, cell: number): Uint32Array {
    const column = this.#sketches[s]!;
    let counts = column.get(cell);
    if (counts === undefined) column.set(cell, (counts = new Uint32Array(sketchBins)));
    return counts;
  }

  #merged(row: number, s: number, { begin, end }: { begin: number; end: number }): Uint32Array {
    const counts = new Uint32Array(sketchBins);
    for (let bucket = begin; bucket <= end; bucket++) {
      const cell = this.#cellOf(row, bucket);
      const one = this.#tags[cell] === bucket ? this.#sketches[s]!.get(cell) : undefined;
      if (one) for (let bin = 0; bin < sketchBins; bin++) counts[bin]! += one[bin]!;
    }
    return counts;
  }

  /** The ring written longest ago among the next few: close enough to the oldest, at a bounded cost. */
  #quietest(): number {
    let quietest = this.#hand;
    for (let i = 0; i < 16; i++) {
      this.#hand = (this.#hand + 1) % this.#size;
      if (this.#written[this.#hand]! < this.#written[quietest]!) quietest = this.#hand;
    }
    return quietest;
  }

  #cellOf(row: number, bucket: number): number {
    return (this.#ringOf[row]! - 1) * this.#ring + (bucket % this.#ring);
  }

  /** The cell for a bucket, emptied when an older bucket had it; -1 when a newer one has it. */
  #cellFor(row: number, bucket: number): number {
    const cell = this.#cellOf(row, bucket);
    const tag = this.#tags[cell]!;
    this.#written[this.#ringOf[row]! - 1] = ++this.#clock;
    if (tag === bucket) return cell;
    if (tag > bucket) return -1;
    this.#clear(cell, bucket);
    return cell;
  }

  #clear(cell: number, tag: number): void {
    this.#tags[cell] = tag;
    for (let s = 0; s < this.#slots.length; s++) {
      const column = this.#numbers[s];
      if (column) column[cell] = nothing(this.#slots[s]!);
    }
    for (const column of this.#bitmaps) column?.fill(0, cell * bitmapWords, (cell + 1) * bitmapWords);
    for (const column of this.#sketches) column?.delete(cell);
    this.#sampleCount -= this.#samples.get(cell)?.length ?? 0;
    this.#samples.delete(cell);
  }
}

/** What a slot's number is before anything was counted. */
function nothing(slot: Slot): number {
  return slot.kind === "max" ? -Infinity : 0;
}

/** The buckets of one row. Numbers, bitmaps and packed sketches by slot. */
export type SavedRing = readonly {
  readonly bucket: number;
  readonly numbers: readonly (number | undefined)[];
  readonly bitmaps: readonly (Uint32Array | undefined)[];
  readonly sketches: readonly (Uint32Array | undefined)[];
  readonly samples: readonly Sample[];
}[];
