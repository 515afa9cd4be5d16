import { BucketPool, samplesPerBucket } from "./bucket-pool.ts";
import type { Known, Remembered } from "./define-detector.ts";
import { keepEarliest, type Sample, type SampleRing } from "./sample.ts";
import { Scratch, type Slot } from "./slot.ts";

/** Observations a row keeps one by one before it is given buckets. */
export const sparseEntries = 8;

/** What a lane keeps of an event, beside its counts. */
export interface Observed {
  readonly time: number;
  readonly hash: number;
  readonly sample: Sample | undefined;
  /** True when it can make a detector fire. */
  readonly isEvidence: boolean;
}

/** What a lane needs of the engine while it observes. */
export interface LaneTime {
  /** Buckets that ended before this time (epoch ms) can't matter to anything unsealed any more. */
  readonly sealedUntil: number;
}

/**
 * One window over one key space: what was observed of each row, by bucket of event time. A quiet row
 * holds its last few observations one by one; one that is busier is promoted to a ring of buckets.
 * Both give the same figures, so that it doesn't matter when a row was promoted.
 */
export class Lane {
  readonly windowMs: number;
  readonly bucketMs: number;
  /** Buckets in a window. */
  readonly span: number;
  readonly slots: Slot[] = [];
  /** True when a detector judges this lane's rows each time one of its buckets is sealed. */
  judged = false;
  /** Rows with observations in a bucket that is not sealed yet. */
  readonly pending = new Map<number, Set<number>>();
  readonly #rows: number;
  readonly #slack: number;
  #width = 0;
  #lastMask = 0;
  #entries = new Uint8Array(0);
  #times = new Float64Array(0);
  #hashes = new Uint32Array(0);
  #masks = new Uint32Array(0);
  #samples = new Float64Array(0);
  #values = new Float64Array(0);
  #pool!: BucketPool;
  readonly #ring: SampleRing;

  /** `slackMs`: how far beyond a window buckets must be kept (lateness and skew between partitions). */
  constructor(options: { rows: number; windowMs: number; bucketMs: number; slackMs: number; ring: SampleRing }) {
    this.#rows = options.rows;
    this.windowMs = options.windowMs;
    this.bucketMs = options.bucketMs;
    this.span = Math.ceil(options.windowMs / options.bucketMs);
    this.#slack = Math.ceil(options.slackMs / options.bucketMs) + 2;
    this.#ring = options.ring;
  }

  addSlot(slot: Slot): void {
    if (this.slots.length === 31) throw new RangeError("a lane holds at most 31 counters");
    slot.bit = 1 << this.slots.length;
    slot.at = this.#width;
    this.#width += slot.width;
    if (slot.kind === "last") this.#lastMask |= slot.bit;
    this.slots.push(slot);
  }

  /** Allocates all memory, once the slots are known. */
  allocate(): void {
    const n = this.#rows * sparseEntries;
    this.#entries = new Uint8Array(this.#rows);
    this.#times = new Float64Array(n);
    this.#hashes = new Uint32Array(n);
    this.#masks = new Uint32Array(n);
    this.#samples = new Float64Array(n);
    this.#values = new Float64Array(n * this.#width);
    this.#pool = new BucketPool({
      owners: this.#rows,
      slots: this.slots,
      ring: this.#onlyLast() ? 1 : this.span + this.#slack,
      size: this.#onlyLast() ? 1 : Math.min(this.#rows, Math.max(1024, this.#rows >>> 5)),
    });
  }

  get promoted(): number {
    return this.#pool.used;
  }

  get demoted(): number {
    return this.#pool.takenOver;
  }

  bucketOf(time: number): number {
    return Math.floor(time / this.bucketMs);
  }

  /** No window of this row holds more events than this; not told for rows that are promoted. */
  mostEvents(row: number): number {
    return this.#pool.has(row) ? Infinity : this.#entries[row]!;
  }

  /** Counts one event for a row; `scratch` holds which slots it matched and their values. */
  observe(row: number, event: Observed, scratch: Scratch, time: LaneTime): void {
    const bucket = this.bucketOf(event.time);
    if (this.judged && event.isEvidence) this.#markPending(bucket, row);
    if (this.#pool.has(row)) {
      this.#pool.add(row, bucket, scratch);
      if (event.sample) this.#pool.addSample(row, bucket, event.sample);
      if ((scratch.mask & this.#lastMask) !== 0) this.#push(row, event, scratch, true);
      return;
    }
    this.#prune(row, this.bucketOf(time.sealedUntil) - this.span);
    if (this.#entries[row]! < sparseEntries || this.#onlyLast()) this.#push(row, event, scratch, this.#onlyLast());
    else {
      this.#promote(row);
      this.observe(row, event, scratch, time);
    }
  }

  /** The figure of one slot over the window that ends with bucket `end` (its own, complete or not). */
  figure(row: number, slot: Slot, end: number): number | Known | readonly Remembered[] {
    const begin = end - this.span + 1;
    if (slot.kind === "last") return this.#remembered(row, slot, end);
    if (this.#pool.has(row)) return this.#pool.figure(row, slot, begin, end);
    const total = Scratch.accumulator(slot);
    for (let i = row * sparseEntries, n = i + this.#entries[row]!; i < n; i++) {
      const bucket = this.bucketOf(this.#times[i]!);
      if (bucket < begin || bucket > end || (this.#masks[i]! & slot.bit) === 0) continue;
      total.add(this.#values[i * this.#width + slot.at]!);
    }
    return total.result();
  }

  /** The samples kept of a row's window that ends with bucket `end`. */
  samples(row: number, end: number): Sample[] {
    const begin = end - this.span + 1;
    if (this.#pool.has(row)) return this.#pool.samples(row, begin, end);
    const byBucket = new Map<number, Sample[]>();
    for (let i = row * sparseEntries, n = i + this.#entries[row]!; i < n; i++) {
      const bucket = this.bucketOf(this.#times[i]!);
      const sample = bucket >= begin && bucket <= end ? this.#ring.get(this.#samples[i]!) : undefined;
      if (!sample) continue;
      if (!byBucket.has(bucket)) byBucket.set(bucket, []);
      keepEarliest(byBucket.get(bucket)!, sample, samplesPerBucket);
    }
    return [...byBucket.values()].flat();
  }

  /** False when an event's sample would not be kept, so that none needs to be made. */
  wantsSample(row: number, time: number): boolean {
    return !this.#pool.has(row) || this.#pool.wantsSample(row, { bucket: this.bucketOf(time), time });
  }

  /** Frees a row for another key. */
  forget(row: number): void {
    this.#entries[row] = 0;
    this.#pool.release(row);
  }

  /** Everything about one row, as plain data; `load` puts it back. */
  save(row: number): SavedRow | undefined {
    const n = this.#entries[row]!;
    const pooled = this.#pool.save(row);
    if (n === 0 && !pooled) return undefined;
    const from = row * sparseEntries;
    return {
      times: this.#times.slice(from, from + n),
      hashes: this.#hashes.slice(from, from + n),
      masks: this.#masks.slice(from, from + n),
      values: this.#values.slice(from * this.#width, (from + n) * this.#width),
      samples: Array.from(this.#samples.subarray(from, from + n), (at) => this.#ring.get(at)),
      pooled,
    };
  }

  load(row: number, saved: SavedRow): void {
    const from = row * sparseEntries;
    this.#entries[row] = saved.times.length;
    this.#times.set(saved.times, from);
    this.#hashes.set(saved.hashes, from);
    this.#masks.set(saved.masks, from);
    this.#values.set(saved.values, from * this.#width);
    saved.samples.forEach((sample, i) => (this.#samples[from + i] = sample ? this.#ring.put(sample) : -1));
    if (saved.pooled) this.#pool.load(row, saved.pooled);
    if (!this.judged) return;
    for (const time of saved.times) this.#markPending(this.bucketOf(time), row);
    for (const bucket of this.#pool.buckets(row)) this.#markPending(bucket, row);
  }

  #onlyLast(): boolean {
    return this.slots.every((slot) => slot.kind === "last");
  }

  #markPending(bucket: number, row: number): void {
    const rows = this.pending.get(bucket);
    if (rows) rows.add(row);
    else this.pending.set(bucket, new Set([row]));
  }

  /** Adds an observation; when `replace` is set and all places are taken, the oldest gives way. */
  #push(
    row: number,
    event: { time: number; hash: number; sample: Sample | undefined },
    scratch: Scratch,
    replace: boolean,
  ): void {
    const from = row * sparseEntries;
    let n = this.#entries[row]!;
    let at = from + n;
    if (n === sparseEntries) {
      if (!replace) return;
      at = from;
      for (let i = from + 1; i < from + n; i++) if (this.#isBefore(i, at)) at = i;
      if (event.time < this.#times[at]!) return;
    } else this.#entries[row] = ++n;
    this.#times[at] = event.time;
    this.#hashes[at] = event.hash;
    this.#masks[at] = scratch.mask;
    this.#samples[at] = event.sample ? this.#ring.put(event.sample) : -1;
    for (let v = 0; v < this.#width; v++) this.#values[at * this.#width + v] = scratch.values[v]!;
  }

  #isBefore(i: number, j: number): boolean {
    return (
      this.#times[i]! < this.#times[j]! || (this.#times[i] === this.#times[j] && this.#hashes[i]! < this.#hashes[j]!)
    );
  }

  /** Drops observations of buckets below `oldest`: no window that is still to be sealed holds them. */
  #prune(row: number, oldest: number): void {
    const from = row * sparseEntries;
    let n = this.#entries[row]!;
    if (this.#onlyLast()) return;
    for (let i = from; i < from + n;) {
      if (this.bucketOf(this.#times[i]!) >= oldest) i++;
      else this.#move(from + --n, i);
    }
    this.#entries[row] = n;
  }

  #move(source: number, target: number): void {
    this.#times[target] = this.#times[source]!;
    this.#hashes[target] = this.#hashes[source]!;
    this.#masks[target] = this.#masks[source]!;
    this.#samples[target] = this.#samples[source]!;
    for (let v = 0; v < this.#width; v++)
      this.#values[target * this.#width + v] = this.#values[source * this.#width + v]!;
  }

  /** Turns a row's observations into buckets; those that `last` counters remember stay as they are. */
  #promote(row: number): void {
    const demoted = this.#pool.take(row);
    if (demoted !== -1) this.#entries[demoted] = 0;
    const scratch = new Scratch();
    const from = row * sparseEntries;
    const kept: number[] = [];
    for (let i = from; i < from + this.#entries[row]!; i++) {
      scratch.mask = this.#masks[i]!;
      for (let v = 0; v < this.#width; v++) scratch.values[v] = this.#values[i * this.#width + v]!;
      const bucket = this.bucketOf(this.#times[i]!);
      this.#pool.add(row, bucket, scratch);
      const sample = this.#ring.get(this.#samples[i]!);
      if (sample) this.#pool.addSample(row, bucket, sample);
      if ((scratch.mask & this.#lastMask) !== 0) kept.push(i);
    }
    kept.forEach((i, n) => this.#move(i, from + n));
    this.#entries[row] = kept.length;
  }

  #remembered(row: number, slot: Slot, end: number): Remembered[] {
    const found: number[] = [];
    for (let i = row * sparseEntries, n = i + this.#entries[row]!; i < n; i++) {
      const bucket = this.bucketOf(this.#times[i]!);
      if ((this.#masks[i]! & slot.bit) === 0 || bucket > end || bucket <= end - this.span) continue;
      let at = found.length;
      while (at > 0 && this.#isBefore(i, found[at - 1]!)) at--;
      found.splice(at, 0, i);
    }
    return found.slice(-slot.n).map((i) => {
      const values: number[] = [];
      for (let v = 0; v < slot.width; v++) values.push(this.#values[i * this.#width + slot.at + v]!);
      return { time: this.#times[i]!, values };
    });
  }
}

export interface SavedRow {
  readonly times: Float64Array;
  readonly hashes: Uint32Array;
  readonly masks: Uint32Array;
  readonly values: Float64Array;
  readonly samples: readonly (Sample | undefined)[];
  readonly pooled: ReturnType<BucketPool["save"]>;
}
