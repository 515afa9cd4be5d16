import { HeldRows } from "./held-rows.ts";
import type { LanePart, Sight } from "./observation-kinds.ts";
import type { Observations } from "./observations.ts";
import { picked } from "./picked.ts";
import type { Sample } from "./sample.ts";
import type { Samples } from "./samples.ts";
import type { Scratch, Slot } from "./slot.ts";

/** What is kept of one event beside its numbers. */
export interface SparseEvent {
  readonly time: number;
  readonly hash: number;
  /** By bit: the lane's detectors whose evidence it is. */
  readonly evidence: number;
  /** One that the ring of samples holds already may be given by its number. */
  readonly sample: Sample | number | undefined;
}

/** One lane's observations of rows, one by one, in the records of its key space. */
export class SparseRows {
  /** Observations a row may have. */
  readonly places: number;
  /** How many each row has. */
  readonly entries: Uint8Array;
  /** Numbers an observation carries. */
  readonly width: number;
  readonly #lane: number;
  readonly #slots: readonly Slot[];
  readonly #isOrdered: boolean;
  readonly #store: Observations;
  readonly #ring: Samples;
  /** By mask, then by evidence. */
  readonly #sights = new Map<number, Map<number, Sight>>();
  #lastSight: Sight | undefined;

  /** `lane`: its number among those of `store`; `isOrdered`: it has to be known which of two observations is older. */
  constructor(options: {
    rows: number;
    places: number;
    width: number;
    lane: number;
    slots: readonly Slot[];
    isOrdered: boolean;
    store: Observations;
    ring: Samples;
  }) {
    this.places = options.places;
    this.width = options.width;
    this.entries = new Uint8Array(options.rows);
    this.#lane = options.lane;
    this.#slots = options.slots;
    this.#isOrdered = options.isOrdered;
    this.#store = options.store;
    this.#ring = options.ring;
  }

  /** A row's first place, and the one after another; 0 at the end. In no order. */
  first(row: number): number {
    return this.#own(this.#store.first(row));
  }

  next(at: number): number {
    return this.#own(this.#store.next(at));
  }

  /** Epoch ms. */
  time(at: number): number {
    return this.#store.time(at);
  }

  /** 0 where they are in no order. */
  hash(at: number): number {
    return this.#isOrdered ? this.#store.hash(at) : 0;
  }

  /** Which slots the observation matched. */
  mask(at: number): number {
    return this.#part(at).sight.mask;
  }

  evidence(at: number): number {
    return this.#part(at).sight.evidence;
  }

  /** One of its numbers. */
  value(at: number, number: number): number {
    return this.#store.value(at, this.#part(at), number);
  }

  /** The sample of one observation; `undefined` when it has none, or newer ones took its place. */
  sampleAt(at: number): Sample | undefined {
    return this.#ring.get(this.#store.sample(at, this.#part(at)));
  }

  isFull(row: number): boolean {
    return this.entries[row]! >= this.places;
  }

  /** Keeps an observation of a row that has room. `isSaved`: other lanes may have kept theirs long before. */
  push(row: number, event: SparseEvent, scratch: Scratch, isSaved = false): void {
    const { time, hash, sample } = event;
    const number = sample === undefined ? 0 : typeof sample === "number" ? sample : this.#ring.put(sample);
    const sight = this.#sight(scratch.mask, event.evidence);
    this.#store.add(row, sight, { time, hash, sample: number }, scratch.values, isSaved);
    this.entries[row]!++;
  }

  /** Keeps an observation, in place of the oldest where the row is full, unless it is older than all of them. */
  keep(row: number, event: SparseEvent, scratch: Scratch): void {
    if (this.isFull(row)) {
      let oldest = this.first(row);
      for (let at = this.next(oldest); at !== 0; at = this.next(at)) if (this.isBefore(at, oldest)) oldest = at;
      const { time, hash } = event;
      if (time < this.time(oldest) || (time === this.time(oldest) && hash < this.hash(oldest))) return;
      this.keepOnly(row, (at) => at !== oldest);
    }
    this.push(row, event, scratch);
  }

  /** Drops those of a row's observations that are not to be kept. */
  keepOnly(row: number, isKept: (at: number) => boolean): void {
    if (this.entries[row] !== 0) this.entries[row]! -= this.#store.drop(row, this.#lane, isKept);
  }

  /** What these rows hold at this moment; it stays as it is. */
  held(rows: readonly number[]): HeldRows {
    const counts = picked(this.entries, rows);
    return new HeldRows({ counts, width: this.width, lane: this.#lane, isOrdered: this.#isOrdered, store: this.#store.held(rows) }); // prettier-ignore
  }

  /** Puts one observation's slots and numbers into the scratch. */
  read(at: number, scratch: Scratch): void {
    const part = this.#part(at);
    scratch.mask = part.sight.mask;
    for (const number of part.sight.numbers) scratch.values[number] = this.#store.value(at, part, number);
  }

  /** By time, then by content. */
  isBefore(one: number, other: number): boolean {
    const [a, b] = [this.time(one), this.time(other)];
    return a < b || (a === b && this.hash(one) < this.hash(other));
  }

  /** The next record that the lane has a part in. */
  #own(from: number): number {
    let at = from;
    while (at !== 0 && this.#store.part(at, this.#lane) === undefined) at = this.#store.next(at);
    return at;
  }

  #part(at: number): LanePart {
    return this.#store.part(at, this.#lane)!;
  }

  #sight(mask: number, evidence: number): Sight {
    const last = this.#lastSight;
    if (last !== undefined && last.mask === mask && last.evidence === evidence) return last;
    let byEvidence = this.#sights.get(mask);
    if (byEvidence === undefined) this.#sights.set(mask, (byEvidence = new Map()));
    let sight = byEvidence.get(evidence);
    if (sight === undefined) {
      const isOrdered = this.#isOrdered;
      const numbers = this.#numbersOf(mask);
      const of = { lane: this.#lane, mask, evidence, numbers, isOrdered };
      sight = { ...of, kinds: new Map(), lastKey: -1, lastKind: undefined };
      byEvidence.set(evidence, sight);
    }
    return (this.#lastSight = sight);
  }

  /** Numbers that observations carry for these slots; what was seen first is remembered elsewhere. */
  #numbersOf(mask: number): number[] {
    const numbers = this.#slots
      .filter(({ bit, kind }) => (mask & bit) !== 0 && kind !== "firstSeen")
      .flatMap(({ at, width }) => Array.from({ length: width }, (_, i) => at + i));
    return [...new Set(numbers)].sort((a, b) => a - b);
  }
}
