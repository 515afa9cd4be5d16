import { bitmapWords, countDistinct } from "./bitmap.ts";
import { BucketRing, type RingLayout, ringLayout, type SampleBudget } from "./bucket-ring.ts";
import type { ChangedRows } from "./changed-rows.ts";
import type { Known } from "./define-detector.ts";
import type { Sample } from "./sample.ts";
import { addPacked, quantileOf, sketchBins } from "./sketch.ts";
import { known, type Slot } from "./slot.ts";

/** Samples of all rings together. */
const samplesInAll = 200_000;

/** The buckets of one row. Numbers, bitmaps and packed sketches by slot. */
export type SavedRing = readonly {
  readonly bucket: number;
  readonly events: number;
  /** By bit: the lane's detectors. */
  readonly evidence: number;
  readonly numbers: readonly (number | undefined)[];
  readonly bitmaps: readonly (Uint32Array | undefined)[];
  readonly sketches: readonly (Uint32Array | undefined)[];
  readonly samples: readonly Sample[];
}[];

/**
 * Rings of buckets for the few rows that are busy. A bounded number of rings, made as they are needed;
 * when all are taken, the one that was written longest ago gives way, and that is counted.
 */
export class BucketPool {
  takenOver = 0;
  readonly layout: RingLayout;
  readonly #size: number;
  /** For each row: its ring's number and one, or 0. */
  readonly #ringOf: Uint16Array | Uint32Array;
  readonly #rings: BucketRing[] = [];
  readonly #free: number[] = [];
  readonly #budget: SampleBudget = { left: samplesInAll, dropped: 0 };
  readonly #changed: ChangedRows | undefined;
  #hand = 0;
  #clock = 0;
  readonly #union = new Uint32Array(bitmapWords);

  /** `owners`: rows; `ring`: buckets in a ring; `size`: the most rings there may be; `changed`: told of rows that lose theirs. */
  constructor(options: {
    owners: number;
    slots: readonly Slot[];
    ring: number;
    size: number;
    changed?: ChangedRows | undefined;
  }) {
    this.#changed = options.changed;
    this.layout = ringLayout(options.slots, options.ring);
    this.#size = options.size;
    this.#ringOf = options.size < 65_536 ? new Uint16Array(options.owners) : new Uint32Array(options.owners);
  }

  get used(): number {
    return this.#rings.length - this.#free.length;
  }

  /** Memory of the rows' column, and of all rings that were made: without samples and sketches, which have bounds of their own. */
  get bytes(): { readonly rows: number; readonly rings: number } {
    const each = this.#rings[0]?.bytes ?? 0;
    return { rows: this.#ringOf.byteLength, rings: this.#rings.length * each };
  }

  get samplesDropped(): number {
    return this.#budget.dropped;
  }

  has(row: number): boolean {
    return this.#ringOf[row] !== 0;
  }

  /** A row's ring, if it has one. */
  ring(row: number): BucketRing | undefined {
    const at = this.#ringOf[row]!;
    return at === 0 ? undefined : this.#rings[at - 1];
  }

  /** Gives a row a ring; returns the row that lost its own for it, or -1. */
  take(row: number): number {
    let loser = -1;
    if (this.#free.length === 0) {
      if (this.#rings.length < this.#size) {
        this.#free.push(this.#rings.length);
        this.#rings.push(new BucketRing(this.layout, this.#budget));
      } else {
        loser = this.#quietest().row;
        this.release(loser);
        this.takenOver++;
        this.#changed?.mark(loser);
      }
    }
    const at = this.#free.pop()!;
    this.#ringOf[row] = at + 1;
    const ring = this.#rings[at]!;
    ring.row = row;
    ring.written = ++this.#clock;
    return loser;
  }

  release(row: number): void {
    const at = this.#ringOf[row]! - 1;
    if (at < 0) return;
    const ring = this.#rings[at]!;
    ring.reset();
    ring.row = -1;
    this.#ringOf[row] = 0;
    this.#free.push(at);
  }

  /** A ring was written to: it is not the one to give way. */
  wrote(ring: BucketRing): void {
    ring.written = ++this.#clock;
  }

  figure(row: number, slot: Slot, { begin, end }: { begin: number; end: number }): number | Known {
    const s = this.layout.slots.indexOf(slot);
    const ring = this.ring(row)!;
    if (slot.counter.kind === "quantile")
      return known(quantileOf(this.#merged(ring, s, { begin, end }), slot.counter.q));
    const { bitmaps, numbers } = this.layout;
    const [numberAt, bitmapAt] = [this.layout.numberAt[s]!, this.layout.bitmapAt[s]!];
    this.#union.fill(0);
    let total = slot.kind === "max" ? -Infinity : 0;
    for (let bucket = begin; bucket <= end; bucket++) {
      const cell = ring.cellOf(bucket);
      if (ring.tags[cell] !== bucket) continue;
      if (bitmapAt >= 0) {
        const at = (cell * bitmaps + bitmapAt) * bitmapWords;
        for (let w = 0; w < bitmapWords; w++) this.#union[w]! |= ring.bitmaps[at + w]!;
      } else if (slot.kind === "max") total = Math.max(total, ring.numbers[cell * numbers + numberAt]!);
      else total += ring.numbers[cell * numbers + numberAt]!;
    }
    if (bitmapAt < 0) return total === -Infinity ? 0 : total;
    return known(countDistinct(this.#union) || undefined);
  }

  samples(row: number, begin: number, end: number): Sample[] {
    const ring = this.ring(row)!;
    const found: Sample[] = [];
    for (let bucket = begin; bucket <= end; bucket++) {
      const cell = ring.cellOf(bucket);
      if (ring.tags[cell] === bucket) found.push(...ring.samplesOf(cell));
    }
    return found;
  }

  /** Adds buckets that were saved, or counted elsewhere, to those of a row that has a ring. */
  merge(row: number, saved: SavedRing): void {
    const ring = this.ring(row)!;
    const { slots, numberAt, bitmapAt, numbers: width, bitmaps: maps } = this.layout;
    ring.written = ++this.#clock;
    for (const { bucket, events, evidence, numbers, bitmaps, sketches, samples } of saved) {
      const cell = ring.cellFor(bucket);
      if (cell === -1) continue;
      ring.total += events;
      ring.events[cell]! += events;
      ring.evidence[cell]! |= evidence;
      slots.forEach((slot, s) => {
        const value = numbers[s];
        if (numberAt[s]! >= 0 && value !== undefined) {
          const at = cell * width + numberAt[s]!;
          ring.numbers[at] = slot.kind === "max" ? Math.max(ring.numbers[at]!, value) : ring.numbers[at]! + value;
        }
        const words = bitmaps[s];
        const at = (cell * maps + bitmapAt[s]!) * bitmapWords;
        if (bitmapAt[s]! >= 0 && words) for (let w = 0; w < bitmapWords; w++) ring.bitmaps[at + w]! |= words[w]!;
        const pairs = sketches[s];
        if (slot.kind === "quantile" && pairs) addPacked(ring.sketchAt(cell, s), pairs);
      });
      for (const sample of samples) ring.addSample(cell, sample);
    }
  }

  #merged(ring: BucketRing, s: number, { begin, end }: { begin: number; end: number }): Uint32Array {
    const counts = new Uint32Array(sketchBins);
    for (let bucket = begin; bucket <= end; bucket++) {
      const cell = ring.cellOf(bucket);
      const one = ring.tags[cell] === bucket ? ring.sketch(cell, s) : undefined;
      if (one) for (let bin = 0; bin < sketchBins; bin++) counts[bin]! += one[bin]!;
    }
    return counts;
  }

  /** The ring written longest ago among the next few: close enough to the oldest, at a bounded cost. */
  #quietest(): BucketRing {
    let quietest = this.#rings[this.#hand]!;
    for (let i = 0; i < 16; i++) {
      this.#hand = (this.#hand + 1) % this.#size;
      const next = this.#rings[this.#hand]!;
      if (next.written < quietest.written) quietest = next;
    }
    return quietest;
  }
}
