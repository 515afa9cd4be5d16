import type { Sample, SampleRing } from "./sample.ts";
import type { Scratch, Slot } from "./slot.ts";

/** Observations a row keeps one by one before it is given buckets. */
export const sparseEntries = 8;

/** What is kept of one event beside its numbers. */
export interface SparseEvent {
  readonly time: number;
  readonly hash: number;
  readonly sample: Sample | undefined;
}

/** Observations of rows, one by one: a few for each, in columns that never grow. */
export class SparseRows {
  /** How many each row has; those of row r begin at r × `sparseEntries`. */
  readonly entries: Uint8Array;
  readonly times: Float64Array;
  readonly hashes: Uint32Array;
  /** Which slots each observation matched. */
  readonly masks: Uint32Array;
  readonly values: Float64Array;
  /** Numbers an observation carries. */
  readonly width: number;
  /** Where each observation's sample is in the ring, or -1. */
  readonly #samples: Float64Array;
  readonly #ring: SampleRing;

  constructor(options: { rows: number; width: number; ring: SampleRing }) {
    const n = options.rows * sparseEntries;
    this.width = options.width;
    this.#ring = options.ring;
    this.entries = new Uint8Array(options.rows);
    this.times = new Float64Array(n);
    this.hashes = new Uint32Array(n);
    this.masks = new Uint32Array(n);
    this.values = new Float64Array(n * this.width);
    this.#samples = new Float64Array(n);
  }

  /** The sample of one observation; `undefined` when it has none, or newer ones took its place. */
  sampleAt(at: number): Sample | undefined {
    return this.#ring.get(this.#samples[at]!);
  }

  /** Keeps an observation. When all places are taken, the oldest gives way, or it is not kept: then `false`. */
  push(row: number, event: SparseEvent, of: { scratch: Scratch; whenFull: "replace" | "refuse" }): boolean {
    const from = row * sparseEntries;
    const n = this.entries[row]!;
    let at = from + n;
    if (n === sparseEntries) {
      if (of.whenFull === "refuse") return false;
      at = from;
      for (let i = from + 1; i < from + n; i++) if (this.#isBefore(i, at)) at = i;
      if (event.time < this.times[at]! || (event.time === this.times[at] && event.hash < this.hashes[at]!)) return true;
    } else this.entries[row] = n + 1;
    this.times[at] = event.time;
    this.hashes[at] = event.hash;
    this.masks[at] = of.scratch.mask;
    this.#samples[at] = event.sample ? this.#ring.put(event.sample) : -1;
    for (let v = 0; v < this.width; v++) this.values[at * this.width + v] = of.scratch.values[v]!;
    return true;
  }

  /** Drops a row's observations before `oldest`, epoch ms. */
  prune(row: number, oldest: number): void {
    const from = row * sparseEntries;
    let n = this.entries[row]!;
    for (let i = from; i < from + n;) {
      if (this.times[i]! >= oldest) i++;
      else this.#move(from + --n, i);
    }
    this.entries[row] = n;
  }

  /** Keeps only what matched one of these slots. */
  keepOnly(row: number, mask: number): void {
    const from = row * sparseEntries;
    let n = 0;
    for (let i = from; i < from + this.entries[row]!; i++) {
      if ((this.masks[i]! & mask) !== 0) this.#move(i, from + n++);
    }
    this.entries[row] = n;
  }

  /** Puts one observation's slots and numbers into the scratch. */
  read(at: number, scratch: Scratch): void {
    scratch.mask = this.masks[at]!;
    for (let v = 0; v < this.width; v++) scratch.values[v] = this.values[at * this.width + v]!;
  }

  /** Where the newest `n` observations of a slot in [`from`, `to`) are, oldest first. Times in epoch ms. */
  newest(row: number, slot: Slot, span: { from: number; to: number }): number[] {
    const found: number[] = [];
    for (let i = row * sparseEntries, n = i + this.entries[row]!; i < n; i++) {
      if ((this.masks[i]! & slot.bit) === 0 || this.times[i]! < span.from || this.times[i]! >= span.to) continue;
      let at = found.length;
      while (at > 0 && this.#isBefore(i, found[at - 1]!)) at--;
      found.splice(at, 0, i);
    }
    return found.slice(-slot.n);
  }

  #isBefore(i: number, j: number): boolean {
    return this.times[i]! < this.times[j]! || (this.times[i] === this.times[j] && this.hashes[i]! < this.hashes[j]!);
  }

  #move(source: number, target: number): void {
    this.times[target] = this.times[source]!;
    this.hashes[target] = this.hashes[source]!;
    this.masks[target] = this.masks[source]!;
    this.#samples[target] = this.#samples[source]!;
    for (let v = 0; v < this.width; v++) this.values[target * this.width + v] = this.values[source * this.width + v]!;
  }
}
