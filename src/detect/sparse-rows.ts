import type { Sample } from "./sample.ts";
import type { SampleRing } from "./sample-ring.ts";
import type { Scratch } from "./slot.ts";

/** What is kept of one event beside its numbers. */
export interface SparseEvent {
  readonly time: number;
  readonly hash: number;
  /** By bit: the lane's detectors whose evidence it is. */
  readonly evidence: number;
  /** One that the ring of samples holds already may be given by its number. */
  readonly sample: Sample | number | undefined;
}

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

/** Observations in one stretch of memory. */
const segmentBits = 12;
const perSegment = 1 << segmentBits;
const within = perSegment - 1;

interface Segment {
  /** The place of the row's observation before, or the next free place; 0: none. */
  readonly next: Uint32Array;
  /** Epoch ms where they are in order, else buckets. */
  readonly times: Float64Array | Uint32Array;
  /** Only where they are in order. */
  readonly hashes: Uint32Array | undefined;
  readonly masks: Uint32Array;
  readonly evidence: Uint32Array;
  readonly samples: Uint32Array;
  readonly values: Float64Array | Uint32Array;
}

/**
 * Observations of rows, one by one, each row's in a chain with the newest first. Memory is taken in
 * segments as rows come to need it, never more than all rows with all their places, and is used again.
 */
export class SparseRows {
  /** Observations a row may have. */
  readonly places: number;
  /** How many each row has. */
  readonly entries: Uint8Array;
  /** Numbers an observation carries. */
  readonly width: number;
  readonly #heads: Uint32Array;
  readonly #segments: Segment[] = [];
  readonly #bucketMs: number;
  readonly #isOrdered: boolean;
  readonly #isWhole: boolean;
  readonly #ring: SampleRing;
  /** The first free place; place 0 is never used. */
  #free = 0;

  /**
   * `isOrdered`: it has to be known which of two is older, else their buckets are enough. `isWhole`:
   * numbers are whole, from 0 to 2^32 - 1. Both save room.
   */
  constructor(options: {
    rows: number;
    places: number;
    width: number;
    bucketMs: number;
    isOrdered: boolean;
    isWhole: boolean;
    ring: SampleRing;
  }) {
    this.places = options.places;
    this.#bucketMs = options.bucketMs;
    this.#isOrdered = options.isOrdered;
    this.width = options.width;
    this.#isWhole = options.isWhole;
    this.#ring = options.ring;
    this.entries = new Uint8Array(options.rows);
    this.#heads = new Uint32Array(options.rows);
  }

  /** Memory of its columns, as far as they have grown. */
  get bytes(): number {
    const [segment] = this.#segments;
    const columns: (ArrayBufferView | undefined)[] = segment === undefined ? [] : Object.values(segment);
    const each = columns.reduce((sum, column) => sum + (column?.byteLength ?? 0), 0);
    return this.entries.byteLength + this.#heads.byteLength + this.#segments.length * each;
  }

  /** A row's newest place, and the one before another; 0 at the end. */
  first(row: number): number {
    return this.#heads[row]!;
  }

  next(at: number): number {
    return this.#segments[at >>> segmentBits]!.next[at & within]!;
  }

  /** Epoch ms; where they are in no order, when its bucket began. */
  time(at: number): number {
    const time = this.#segments[at >>> segmentBits]!.times[at & within]!;
    return this.#isOrdered ? time : time * this.#bucketMs;
  }

  /** 0 where they are in no order. */
  hash(at: number): number {
    return this.#segments[at >>> segmentBits]!.hashes?.[at & within] ?? 0;
  }

  /** Which slots the observation matched. */
  mask(at: number): number {
    return this.#segments[at >>> segmentBits]!.masks[at & within]!;
  }

  evidence(at: number): number {
    return this.#segments[at >>> segmentBits]!.evidence[at & within]!;
  }

  /** One of its numbers. */
  value(at: number, number: number): number {
    return this.#segments[at >>> segmentBits]!.values[(at & within) * this.width + number]!;
  }

  /** The sample of one observation; `undefined` when it has none, or newer ones took its place. */
  sampleAt(at: number): Sample | undefined {
    return this.#ring.get(this.#segments[at >>> segmentBits]!.samples[at & within]!);
  }

  isFull(row: number): boolean {
    return this.entries[row]! >= this.places;
  }

  /** Keeps an observation of a row that has room. */
  push(row: number, event: SparseEvent, scratch: Scratch): void {
    const at = this.#take();
    const segment = this.#segments[at >>> segmentBits]!;
    const i = at & within;
    segment.next[i] = this.#heads[row]!;
    this.#heads[row] = at;
    this.entries[row]!++;
    this.#fill(at, event, scratch);
  }

  /** Keeps an observation of a row that is full in place of its oldest, unless it is older than all of them. */
  replace(row: number, event: SparseEvent, scratch: Scratch): void {
    let oldest = this.#heads[row]!;
    for (let at = this.next(oldest); at !== 0; at = this.next(at)) if (this.isBefore(at, oldest)) oldest = at;
    const { time, hash } = event;
    if (time < this.time(oldest) || (time === this.time(oldest) && hash < this.hash(oldest))) return;
    this.#fill(oldest, event, scratch);
  }

  /** Keeps an observation, in place of the oldest where the row is full. */
  keep(row: number, event: SparseEvent, scratch: Scratch): void {
    if (this.isFull(row)) this.replace(row, event, scratch);
    else this.push(row, event, scratch);
  }

  /** Drops those of a row's observations that are not to be kept. */
  keepOnly(row: number, isKept: (at: number) => boolean): void {
    let before = 0;
    for (let at = this.#heads[row]!; at !== 0;) {
      const next = this.next(at);
      if (isKept(at)) before = at;
      else {
        if (before === 0) this.#heads[row] = next;
        else this.#segments[before >>> segmentBits]!.next[before & within] = next;
        this.#release(at);
        this.entries[row]!--;
      }
      at = next;
    }
  }

  /** Copies a row's observations to columns, from the place `to` on; answers with the place after the last. */
  copy(row: number, into: SparseColumns, begin: number): number {
    const { width } = this;
    let to = begin;
    for (let from = this.#heads[row]!; from !== 0; to++) {
      const segment = this.#segments[from >>> segmentBits]!;
      const i = from & within;
      into.times[to] = this.#isOrdered ? segment.times[i]! : segment.times[i]! * this.#bucketMs;
      if (segment.hashes !== undefined) into.hashes[to] = segment.hashes[i]!;
      into.masks[to] = segment.masks[i]!;
      into.evidence[to] = segment.evidence[i]!;
      into.samples[to] = segment.samples[i]!;
      for (let v = 0; v < width; v++) into.values[to * width + v] = segment.values[i * width + v]!;
      from = segment.next[i]!;
    }
    return to;
  }

  /** Puts one observation's slots and numbers into the scratch. */
  read(at: number, scratch: Scratch): void {
    scratch.mask = this.mask(at);
    for (let v = 0; v < this.width; v++) scratch.values[v] = this.value(at, v);
  }

  /** By time, then by content. */
  isBefore(one: number, other: number): boolean {
    const [a, b] = [this.time(one), this.time(other)];
    return a < b || (a === b && this.hash(one) < this.hash(other));
  }

  #fill(at: number, { time, hash, evidence, sample }: SparseEvent, scratch: Scratch): void {
    const segment = this.#segments[at >>> segmentBits]!;
    const i = at & within;
    segment.times[i] = this.#isOrdered ? time : Math.floor(time / this.#bucketMs);
    if (segment.hashes !== undefined) segment.hashes[i] = hash;
    segment.masks[i] = scratch.mask;
    segment.evidence[i] = evidence;
    segment.samples[i] = sample === undefined ? 0 : typeof sample === "number" ? sample : this.#ring.put(sample);
    const { width } = this;
    for (let v = 0; v < width; v++) segment.values[i * width + v] = scratch.values[v]!;
  }

  #take(): number {
    if (this.#free === 0) this.#grow();
    const at = this.#free;
    this.#free = this.next(at);
    return at;
  }

  #release(at: number): void {
    this.#segments[at >>> segmentBits]!.next[at & within] = this.#free;
    this.#free = at;
  }

  #grow(): void {
    const first = this.#segments.length << segmentBits;
    const n = perSegment;
    this.#segments.push({
      next: Uint32Array.from({ length: n }, (_, i) => (i === within ? 0 : first + i + 1)),
      times: this.#isOrdered ? new Float64Array(n) : new Uint32Array(n),
      hashes: this.#isOrdered ? new Uint32Array(n) : undefined,
      masks: new Uint32Array(n),
      evidence: new Uint32Array(n),
      samples: new Uint32Array(n),
      values: this.#isWhole ? new Uint32Array(n * this.width) : new Float64Array(n * this.width),
    });
    this.#free = first === 0 ? 1 : first;
  }
}
