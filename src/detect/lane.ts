import { BucketPool, samplesPerBucket, type SavedRing } from "./bucket-pool.ts";
import type { Known, Remembered } from "./define-detector.ts";
import { type DetectorSet, unionOf } from "./detector-sets.ts";
import { keepEarliest, type Sample, type SampleRing } from "./sample.ts";
import type { SavedRow, SavedRows } from "./saved-rows.ts";
import { Scratch, type Slot } from "./slot.ts";
import { sparseEntries, SparseRows, type SparseEvent } from "./sparse-rows.ts";
import { canMeet } from "./where.ts";

/** Counters of one lane: an observation says by bits which of them it matched. */
export const slotsPerLane = 31;

/** What a lane keeps of an event, beside its counts. */
export interface Observed extends SparseEvent {
  /** Which detectors it can make fire; of interest are those that judge this lane. */
  readonly evidence: DetectorSet;
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
  /** How long after its event a row can still matter, ms. */
  readonly keepMs: number;
  /** Buckets in a window. */
  readonly span: number;
  /** It counts what people do all day. */
  readonly isBroad: boolean;
  readonly slots: Slot[] = [];
  /** The detectors that judge its rows each time one of its buckets is sealed. */
  readonly judges = new Set<number>();
  /** Their ranks, ascending: of one moment, a lower one is judged first. */
  ranks: readonly number[] = [];
  /** By bucket that is not sealed yet: its rows with evidence in it, and whose evidence that is. */
  readonly pending = new Map<number, Map<number, DetectorSet>>();
  readonly #rows: number;
  readonly #slack: number;
  #width = 0;
  #lastMask = 0;
  #onlyLast = false;
  #sparse!: SparseRows;
  #pool!: BucketPool;
  readonly #ring: SampleRing;
  readonly #scratch = new Scratch();

  /** `slackMs`: how far beyond a window buckets must be kept (lateness and skew between partitions). */
  constructor(options: {
    rows: number;
    windowMs: number;
    bucketMs: number;
    slackMs: number;
    ring: SampleRing;
    isBroad?: boolean;
  }) {
    this.isBroad = options.isBroad ?? false;
    this.#rows = options.rows;
    this.windowMs = options.windowMs;
    this.bucketMs = options.bucketMs;
    this.keepMs = options.windowMs + options.slackMs + 2 * options.bucketMs;
    this.span = Math.ceil(options.windowMs / options.bucketMs);
    this.#slack = Math.ceil(options.slackMs / options.bucketMs) + 2;
    this.#ring = options.ring;
  }

  addSlot(slot: Slot): void {
    if (this.slots.length === slotsPerLane) throw new RangeError(`a lane holds at most ${slotsPerLane} counters`);
    slot.bit = 1 << this.slots.length;
    slot.at = this.#placeFor(slot);
    this.#width = Math.max(this.#width, slot.at + slot.width);
    if (slot.kind === "last") this.#lastMask |= slot.bit;
    this.slots.push(slot);
  }

  /** Whether its rows are judged because of such evidence. */
  isJudgedFor(evidence: DetectorSet): boolean {
    for (const index of evidence) if (this.judges.has(index)) return true;
    return false;
  }

  /** Allocates all memory, once the slots are known. */
  allocate(): void {
    this.#onlyLast = this.slots.every((slot) => slot.kind === "last");
    this.#sparse = new SparseRows({ rows: this.#rows, width: this.#width, ring: this.#ring });
    this.#pool = new BucketPool({
      owners: this.#rows,
      slots: this.slots,
      ring: this.#onlyLast ? 1 : this.span + this.#slack,
      size: this.#onlyLast ? 1 : Math.min(this.#rows, Math.max(1024, this.#rows >>> 5)),
    });
  }

  /** Numbers an observation carries. */
  get width(): number {
    return this.#width;
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
    return this.#pool.has(row) ? Infinity : this.#sparse.entries[row]!;
  }

  /** Counts one event for a row; `scratch` holds which slots it matched and their values. */
  observe(row: number, event: Observed, scratch: Scratch, time: LaneTime): void {
    if (this.isJudgedFor(event.evidence)) this.markPending(this.bucketOf(event.time), row, event.evidence);
    if (!this.#onlyLast && !this.#pool.has(row)) {
      this.#sparse.prune(row, (this.bucketOf(time.sealedUntil) - this.span) * this.bucketMs);
    }
    this.#add(row, event, scratch);
  }

  /** The row is to be judged by these detectors once this bucket is sealed. */
  markPending(bucket: number, row: number, by: DetectorSet): void {
    let rows = this.pending.get(bucket);
    if (!rows) this.pending.set(bucket, (rows = new Map()));
    const known = rows.get(row);
    if (known === undefined) rows.set(row, by);
    else if (known !== by) rows.set(row, unionOf(known, by));
  }

  /** The figure of one slot over the window that ends with bucket `end` (its own, complete or not). */
  figure(row: number, slot: Slot, end: number): number | Known | readonly Remembered[] {
    const begin = end - this.span + 1;
    if (slot.kind === "last") return this.#remembered(row, slot, end);
    if (this.#pool.has(row)) return this.#pool.figure(row, slot, { begin, end });
    const total = Scratch.accumulator(slot);
    const { times, masks, values, width, entries } = this.#sparse;
    for (let i = row * sparseEntries, n = i + entries[row]!; i < n; i++) {
      const bucket = this.bucketOf(times[i]!);
      if (bucket < begin || bucket > end || (masks[i]! & slot.bit) === 0) continue;
      total.add(values[i * width + slot.at]!);
    }
    return total.result();
  }

  /** The window that ends with bucket `end`, in epoch ms; its last moment is before `end`. */
  windowAt(end: number): { begin: number; end: number } {
    return { begin: (end - this.span + 1) * this.bucketMs, end: (end + 1) * this.bucketMs };
  }

  /** The samples kept of a row's window that ends with bucket `end`. */
  samples(row: number, end: number): Sample[] {
    const begin = end - this.span + 1;
    if (this.#pool.has(row)) return this.#pool.samples(row, begin, end);
    const byBucket = new Map<number, Sample[]>();
    for (let i = row * sparseEntries, n = i + this.#sparse.entries[row]!; i < n; i++) {
      const bucket = this.bucketOf(this.#sparse.times[i]!);
      const sample = bucket >= begin && bucket <= end ? this.#sparse.sampleAt(i) : undefined;
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
    this.#sparse.entries[row] = 0;
    this.#pool.release(row);
  }

  /** What was observed of these rows, as plain data in few arrays; `savedRow` takes one out of them. */
  save(rows: readonly number[]): SavedRows {
    const { entries, times, hashes, masks, values, width } = this.#sparse;
    const total = rows.reduce((sum, row) => sum + entries[row]!, 0);
    const saved = {
      width,
      counts: Uint8Array.from(rows, (row) => entries[row]!),
      times: new Float64Array(total),
      hashes: new Uint32Array(total),
      masks: new Uint32Array(total),
      values: new Float64Array(total * width),
      samples: Array.from<Sample | undefined>({ length: total }),
      pooled: new Map<number, SavedRing>(),
    };
    let to = 0;
    rows.forEach((row, place) => {
      for (let i = row * sparseEntries, n = i + entries[row]!; i < n; i++, to++) {
        saved.times[to] = times[i]!;
        saved.hashes[to] = hashes[i]!;
        saved.masks[to] = masks[i]!;
        saved.samples[to] = this.#sparse.sampleAt(i);
        for (let v = 0; v < width; v++) saved.values[to * width + v] = values[i * width + v]!;
      }
      if (this.#pool.has(row)) saved.pooled.set(place, this.#pool.save(row));
    });
    return saved;
  }

  /**
   * Adds what was saved of a row, or counted of the same key elsewhere: as if all of it had been
   * observed here. What is to be judged because of it is for `markPending`.
   */
  merge(row: number, saved: SavedRow): void {
    if (saved.pooled) {
      if (!this.#pool.has(row)) this.#promote(row);
      this.#pool.merge(row, saved.pooled);
    }
    const scratch = this.#scratch;
    for (let i = 0; i < saved.times.length; i++) {
      const event = { time: saved.times[i]!, hash: saved.hashes[i]!, sample: saved.samples[i] };
      scratch.mask = saved.masks[i]!;
      for (let v = 0; v < this.#width; v++) scratch.values[v] = saved.values[i * this.#width + v]!;
      // Beside buckets only `last` counters remember observations; the rest of them is in the buckets.
      if (!saved.pooled) this.#add(row, event, scratch);
      else if ((scratch.mask & this.#lastMask) !== 0) this.#sparse.push(row, event, { scratch, whenFull: "replace" });
    }
  }

  /** Counters that no event can match together hold their numbers in the same place. */
  #placeFor(slot: Slot): number {
    const others = this.slots.filter((other) => other.width > 0 && canMeet(other.where, slot.where));
    let at = 0;
    for (const other of others.sort((a, b) => a.at - b.at)) {
      if (other.at < at + slot.width) at = Math.max(at, other.at + other.width);
    }
    return at;
  }

  #add(row: number, event: SparseEvent, scratch: Scratch): void {
    if (!this.#pool.has(row)) {
      const whenFull = this.#onlyLast ? "replace" : "refuse";
      if (this.#sparse.push(row, event, { scratch, whenFull })) return;
      this.#promote(row);
    }
    const bucket = this.bucketOf(event.time);
    this.#pool.add(row, bucket, scratch);
    if (event.sample) this.#pool.addSample(row, bucket, event.sample);
    if ((scratch.mask & this.#lastMask) !== 0) this.#sparse.push(row, event, { scratch, whenFull: "replace" });
  }

  /** Turns a row's observations into buckets; those that `last` counters remember stay as they are. */
  #promote(row: number): void {
    const demoted = this.#pool.take(row);
    if (demoted !== -1) this.#sparse.entries[demoted] = 0;
    const scratch = new Scratch();
    for (let i = row * sparseEntries, n = i + this.#sparse.entries[row]!; i < n; i++) {
      this.#sparse.read(i, scratch);
      const bucket = this.bucketOf(this.#sparse.times[i]!);
      this.#pool.add(row, bucket, scratch);
      const sample = this.#sparse.sampleAt(i);
      if (sample) this.#pool.addSample(row, bucket, sample);
    }
    this.#sparse.keepOnly(row, this.#lastMask);
  }

  #remembered(row: number, slot: Slot, end: number): Remembered[] {
    const { times, values, width } = this.#sparse;
    const span = { from: (end - this.span + 1) * this.bucketMs, to: (end + 1) * this.bucketMs };
    return this.#sparse.newest(row, slot, span).map((i) => {
      const remembered: number[] = [];
      for (let v = 0; v < slot.width; v++) remembered.push(values[i * width + slot.at + v]!);
      return { time: times[i]!, values: remembered };
    });
  }
}
