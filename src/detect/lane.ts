import type { ChangedRows } from "./changed-rows.ts";
import { BucketPool } from "./bucket-pool.ts";
import type { BucketRing } from "./bucket-ring.ts";
import type { Known, Remembered } from "./define-detector.ts";
import { HotRows } from "./hot-rows.ts";
import { LaneJudges } from "./lane-judges.ts";
import { Observations } from "./observations.ts";
import type { Sample } from "./sample.ts";
import type { Samples } from "./samples.ts";
import { type SavedRow, type SavedRows, saveRows } from "./saved-rows.ts";
import { placeAmong, Scratch, type Slot } from "./slot.ts";
import { remembered, sparseFigure, sparseSamples } from "./sparse-figures.ts";
import { SparseRows, type SparseEvent } from "./sparse-rows.ts";

/** Counters of one lane: an observation says by bits which of them it matched. */
export const slotsPerLane = 31;

/** Observations a row keeps one by one before it is given buckets: so many, or up to a lane's lowest floor. */
export const fewestPlaces = 8;
const mostPlaces = 64;
/** Of rows that only remember: newer ones take the place of older ones, which may still have to be sealed. */
const rememberedPlaces = 16;
/** Rows that have buckets at once. */
const mostRings = 8_192;

export interface LaneOptions {
  readonly rows: number;
  readonly windowMs: number;
  readonly bucketMs: number;
  /** How far beyond a window buckets must be kept: lateness, and skew between partitions. */
  readonly slackMs: number;
  readonly ring: Samples;
  /** What all lanes of its key space keep of single events, and which of them it is. */
  readonly observations?: Observations;
  readonly number?: number;
  readonly isBroad?: boolean;
  readonly changed?: ChangedRows;
}

/**
 * One window over one key space: what was observed of each row, by bucket of event time. A quiet row
 * holds its last few observations one by one; one that is busier is promoted to a ring of buckets.
 * Both give the same figures, so that it doesn't matter when a row was promoted.
 */
export class Lane {
  readonly windowMs: number;
  readonly bucketMs: number;
  /** How long after its event a row can still matter, ms. */
  readonly keepMs: number;
  /** Buckets in a window. */
  readonly span: number;
  /** It counts what people do all day. */
  readonly isBroad: boolean;
  readonly slots: Slot[] = [];
  /** The detectors that judge its rows each time one of its buckets is sealed. */
  readonly judges = new LaneJudges();
  /** Their ranks, ascending: of one moment, a lower one is judged first. */
  ranks: readonly number[] = [];
  /** Buckets that are not sealed yet and hold evidence of any row. */
  readonly unsealed = new Set<number>();
  /** Rows that may make a detector fire, and the last bucket that has to be sealed for that. */
  hot!: HotRows;
  /** Told of rows that are not hot any more. */
  cooled: (row: number) => void = () => {};
  /** The row that became or stayed hot last. */
  lastHot = -1;
  readonly #options: LaneOptions;
  #width = 0;
  #lastMask = 0;
  #onlyLast = false;
  #newest = 0;
  /** The bucket that was added to those that are not sealed last: most events are of one and the same. */
  #lastUnsealed = -1;
  #sparse!: SparseRows;
  #pool!: BucketPool;
  readonly #scratch = new Scratch();

  constructor(options: LaneOptions) {
    const { windowMs, bucketMs, slackMs } = options;
    this.isBroad = options.isBroad ?? false;
    this.windowMs = windowMs;
    this.bucketMs = bucketMs;
    this.keepMs = windowMs + slackMs + 2 * bucketMs;
    this.span = Math.ceil(windowMs / bucketMs);
    this.#options = options;
  }

  addSlot(slot: Slot): void {
    if (this.slots.length === slotsPerLane) throw new RangeError(`a lane holds at most ${slotsPerLane} counters`);
    slot.bit = 1 << this.slots.length;
    slot.at = placeAmong(this.slots, slot);
    this.#width = Math.max(this.#width, slot.at + slot.width);
    if (slot.kind === "last") this.#lastMask |= slot.bit;
    this.slots.push(slot);
  }

  /** Prepares its tables, once slots and judges are known. */
  allocate(): void {
    const { rows, ring, slackMs, changed, number: lane = 0 } = this.#options;
    const { observations: store = new Observations(rows) } = this.#options;
    this.#onlyLast = this.slots.every((slot) => slot.kind === "last");
    this.hot = new HotRows(rows);
    this.#sparse = new SparseRows({
      ...{ rows, ring, store, lane },
      places: this.#onlyLast ? rememberedPlaces : Math.max(fewestPlaces, Math.min(mostPlaces, this.judges.lowest)),
      width: this.#width,
      slots: this.slots,
      isOrdered: this.isOrdered,
    });
    this.#pool = new BucketPool({
      ...{ owners: rows, changed },
      slots: this.slots,
      ring: this.#onlyLast ? 1 : this.span + Math.ceil(slackMs / this.bucketMs) + 2,
      size: Math.min(rows, Math.max(1024, Math.min(mostRings, rows >>> 5))),
    });
  }

  /** It remembers events in their order, by time and content. */
  get isOrdered(): boolean {
    return this.#lastMask !== 0;
  }

  /** Numbers an observation carries. */
  get width(): number {
    return this.#width;
  }

  /** Observations that a row keeps one by one. */
  get places(): number {
    return this.#sparse.places;
  }

  /** How many rows have buckets, and how often one has lost them to another. */
  get rings(): { readonly used: number; readonly takenOver: number } {
    return this.#pool;
  }

  /** Memory: of rows, without what they keep one by one, and of the buckets of those that are busy. */
  get bytes(): { readonly rows: number; readonly rings: number } {
    const { rows, rings } = this.#pool.bytes;
    return { rows: this.#sparse.entries.byteLength + rows, rings };
  }

  bucketOf(time: number): number {
    return Math.floor(time / this.bucketMs);
  }

  /** No window of this row holds more events than this. */
  mostEvents(row: number): number {
    return this.#pool.ring(row)?.total ?? this.#sparse.entries[row]!;
  }

  /**
   * Counts one event for a row; `scratch` holds which slots it matched and their values. `sealedUntil`:
   * buckets that ended before it (epoch ms) can't matter any more. Answers by bit whose evidence it is
   * that may fire now.
   */
  observe(row: number, event: SparseEvent, scratch: Scratch, sealedUntil: number): number {
    const bucket = this.bucketOf(event.time);
    this.#sawBucket(bucket, event.evidence);
    const before = this.mostEvents(row);
    this.#add(row, event, { scratch, sealedUntil });
    const lookers = this.judges.readyAt(this.mostEvents(row));
    if (lookers === 0) return 0;
    const ready = event.evidence & lookers;
    // With enough events at last, what was evidence before counts as well.
    if (ready !== 0 || (before > 0 && this.judges.readyAt(before) !== lookers)) {
      this.hot.set(row, this.#newest);
      this.lastHot = row;
    }
    return ready;
  }

  /** By bit: whose evidence a row has in a bucket, of those that it may make fire. */
  evidenceAt(row: number, bucket: number): number {
    const ready = this.judges.readyAt(this.mostEvents(row));
    const ring = this.#pool.ring(row);
    let evidence = ring?.evidenceAt(bucket) ?? 0;
    if (ring === undefined || this.#onlyLast) {
      const sparse = this.#sparse;
      for (let at = sparse.first(row); at !== 0; at = sparse.next(at))
        if (this.bucketOf(sparse.time(at)) === bucket) evidence |= sparse.evidence(at);
    }
    return evidence & ready;
  }

  /** A bucket is sealed: rows without later ones are not looked at any more. */
  sealed(bucket: number): void {
    this.unsealed.delete(bucket);
    this.#lastUnsealed = -1;
    this.hot.sealed(bucket, this.cooled);
  }

  /** The figure of one slot over the window that ends with bucket `end` (its own, complete or not). */
  figure(row: number, slot: Slot, end: number): number | Known | readonly Remembered[] {
    const begin = end - this.span + 1;
    if (slot.kind === "last") return remembered(this.#sparse, { row, slot }, this.windowAt(end));
    if (this.#pool.has(row)) return this.#pool.figure(row, slot, { begin, end });
    return sparseFigure(this.#sparse, { row, slot }, this.windowAt(end));
  }

  /** The window that ends with bucket `end`, in epoch ms; its last moment is before `end`. */
  windowAt(end: number): { begin: number; end: number } {
    return { begin: (end - this.span + 1) * this.bucketMs, end: (end + 1) * this.bucketMs };
  }

  /** The samples kept of a row's window that ends with bucket `end`. */
  samples(row: number, end: number): Sample[] {
    if (this.#pool.has(row)) return this.#pool.samples(row, end - this.span + 1, end);
    return sparseSamples(this.#sparse, row, { ...this.windowAt(end), bucketMs: this.bucketMs });
  }

  /** False when an event's sample would not be kept, so that none needs to be made. */
  wantsSample(row: number, time: number): boolean {
    return this.#pool.ring(row)?.wantsSample(this.bucketOf(time), time) ?? true;
  }

  /** Frees a row for another key. */
  forget(row: number): void {
    this.#sparse.keepOnly(row, () => false);
    this.#pool.release(row);
    this.hot.delete(row);
  }

  /** What was observed of these rows, as plain data in few arrays; `savedRow` takes one out of them. */
  save(rows: readonly number[]): SavedRows {
    return saveRows({ rows, sparse: this.#sparse, pool: this.#pool });
  }

  /**
   * Adds what was saved of a row, or counted of the same key elsewhere: as if all of it had been
   * observed here.
   */
  merge(row: number, saved: SavedRow): void {
    if (saved.pooled) {
      if (!this.#pool.has(row)) this.#promote(row);
      this.#pool.merge(row, saved.pooled);
      for (const { bucket, evidence } of saved.pooled) this.#sawBucket(bucket, evidence);
    }
    const scratch = this.#scratch;
    for (let i = 0; i < saved.times.length; i++) {
      const [time, hash, evidence] = [saved.times[i]!, saved.hashes[i]!, saved.evidence[i]!];
      const event = { time, hash, evidence, sample: saved.samples[i] || undefined };
      scratch.mask = saved.masks[i]!;
      for (let v = 0; v < this.#width; v++) scratch.values[v] = saved.values[i * this.#width + v]!;
      this.#sawBucket(this.bucketOf(time), evidence);
      // Beside buckets only `last` counters remember observations; the rest of them is in the buckets.
      if (!saved.pooled) this.#add(row, event, { scratch, sealedUntil: 0, isSaved: true });
      else if ((scratch.mask & this.#lastMask) !== 0) this.#sparse.keep(row, event, scratch);
    }
    if (this.judges.readyAt(this.mostEvents(row)) !== 0) this.hot.set(row, this.#newest);
  }

  /** All other buckets were judged already when it was saved. */
  restoreUnsealed(buckets: readonly number[]): void {
    for (const bucket of this.unsealed) if (!buckets.includes(bucket)) this.unsealed.delete(bucket);
  }

  #sawBucket(bucket: number, evidence: number): void {
    if (bucket > this.#newest) this.#newest = bucket;
    if (evidence === 0 || bucket === this.#lastUnsealed) return;
    this.#lastUnsealed = bucket;
    this.unsealed.add(bucket);
  }

  #add(row: number, event: SparseEvent, of: { scratch: Scratch; sealedUntil: number; isSaved?: boolean }): void {
    const { scratch, sealedUntil } = of;
    let ring = this.#pool.ring(row);
    if (ring === undefined) {
      const sparse = this.#sparse;
      if (sparse.isFull(row)) {
        if (this.#onlyLast) return sparse.keep(row, event, scratch);
        const oldest = (this.bucketOf(sealedUntil) - this.span) * this.bucketMs;
        sparse.keepOnly(row, (at) => sparse.time(at) >= oldest);
      }
      if (!sparse.isFull(row)) return sparse.push(row, event, scratch, of.isSaved);
      ring = this.#promote(row);
    }
    const sample = typeof event.sample === "number" ? this.#options.ring.get(event.sample) : event.sample;
    ring.add(this.bucketOf(event.time), { evidence: event.evidence, sample }, scratch);
    this.#pool.wrote(ring);
    if ((scratch.mask & this.#lastMask) !== 0) this.#sparse.keep(row, event, scratch);
  }

  /** Turns a row's observations into buckets; those that `last` counters remember stay as they are. */
  #promote(row: number): BucketRing {
    const demoted = this.#pool.take(row);
    if (demoted !== -1) this.#sparse.keepOnly(demoted, () => false);
    const ring = this.#pool.ring(row)!;
    const scratch = new Scratch();
    const sparse = this.#sparse;
    for (let at = sparse.first(row); at !== 0; at = sparse.next(at)) {
      sparse.read(at, scratch);
      const of = { evidence: sparse.evidence(at), sample: sparse.sampleAt(at) };
      ring.add(this.bucketOf(sparse.time(at)), of, scratch);
    }
    sparse.keepOnly(row, (at) => (sparse.mask(at) & this.#lastMask) !== 0);
    return ring;
  }
}
