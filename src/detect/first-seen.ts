import type { Firsts } from "./define-detector.ts";
import { hashed, hashKey } from "./hash.ts";
import type { KeyTable } from "./key-table.ts";
import { ChangedRows } from "./changed-rows.ts";
import { picked } from "./picked.ts";
import { newestOf, type SavedPlaces, type SaveExtent } from "./save-extent.ts";

/** Places looked at for one key. */
const probes = 32;
/** Of one key at most so many values are remembered: somebody who sends ever new ones takes no more. */
const valuesPerKey = 16;

/** A key of one counter, as the two halves of a hash. */
export interface PairKey {
  readonly hi: number;
  readonly lo: number;
}

/**
 * When each value of each key was seen first and last, in a table that never grows. A value that was
 * not seen for as long as the memory lasts is forgotten, and then new again. Kept are the last two
 * stretches of time in which it was never absent for so long: events may come in any order, and the
 * figures are the same. Only when a value has to give way to another one (which is counted) is one
 * called new that was known. All times are whole seconds since the epoch.
 */
export class FirstSeen {
  readonly capacity: number;
  used = 0;
  evicted = 0;
  readonly #mask: number;
  /** Two halves of the key's hash: the second says where to look. */
  readonly #tags: Uint32Array;
  readonly #homes: Uint32Array;
  readonly #values: Uint32Array;
  /** For how long it is remembered, in seconds. */
  readonly #memories: Uint32Array;
  readonly #firsts: Uint32Array;
  readonly #lasts: Uint32Array;
  /** The stretch before, or 0. */
  readonly #firstsBefore: Uint32Array;
  readonly #lastsBefore: Uint32Array;
  /** Since they were saved last. */
  readonly #changed: ChangedRows;

  /** `capacity`, in values over all keys, is rounded up to a power of two. */
  constructor(capacity: number) {
    this.capacity = 2 ** Math.ceil(Math.log2(Math.max(capacity, probes * 2)));
    this.#mask = this.capacity - 1;
    this.#tags = new Uint32Array(this.capacity);
    this.#homes = new Uint32Array(this.capacity);
    this.#values = new Uint32Array(this.capacity);
    this.#memories = new Uint32Array(this.capacity);
    this.#firsts = new Uint32Array(this.capacity);
    this.#lasts = new Uint32Array(this.capacity);
    this.#firstsBefore = new Uint32Array(this.capacity);
    this.#lastsBefore = new Uint32Array(this.capacity);
    this.#changed = new ChangedRows(this.capacity);
  }

  /** A key had a value, given by its 32-bit hash. */
  see(key: PairKey, value: number, at: { second: number; memory: number }): void {
    this.#add(key, value, { first: at.second, last: at.second, memory: at.memory });
  }

  /** What a key's values are over the window from `begin` until before `end`, told by events before `end` alone. */
  figure(key: PairKey, window: { begin: number; end: number; memory: number }): Firsts {
    const { begin, end, memory } = window;
    const tag = key.hi || 1;
    let fresh = 0;
    let known = 0;
    for (let i = 0; i < probes; i++) {
      const place = (key.lo + i) & this.#mask;
      if (this.#tags[place] !== tag) continue;
      const isLater = this.#firsts[place]! >= end;
      const first = isLater ? this.#firstsBefore[place]! : this.#firsts[place]!;
      const last = isLater ? this.#lastsBefore[place]! : this.#lasts[place]!;
      if (first === 0 || first >= end) continue;
      if (first >= begin) fresh++;
      else if (last + memory >= begin) known++;
    }
    return { new: fresh, known };
  }

  /** Everything as plain data, or what has changed since it was saved last. */
  save(extent: SaveExtent = "whole"): SavedFirstSeen {
    const changed = this.#changed.take();
    const places = extent === "whole" ? this.#all() : changed;
    return { rows: Uint32Array.from(places), columns: this.#columns().map((column) => picked(column, places)) };
  }

  /** Adds what was saved, or seen elsewhere, whole and then in changes: as if all of it had been seen here. */
  merge(...saves: readonly SavedFirstSeen[]): void {
    for (const { save, place: i } of newestOf(saves)) {
      const [tags, homes, values, memories, firsts, lasts, firstsBefore, lastsBefore] = saves[save]!.columns;
      const key = { hi: tags![i]!, lo: homes![i]! };
      const memory = memories![i]!;
      if (firstsBefore![i] !== 0)
        this.#add(key, values![i]!, { first: firstsBefore![i]!, last: lastsBefore![i]!, memory });
      this.#add(key, values![i]!, { first: firsts![i]!, last: lasts![i]!, memory });
    }
  }

  #all(): number[] {
    const places: number[] = [];
    for (let place = 0; place < this.capacity; place++) if (this.#tags[place] !== 0) places.push(place);
    return places;
  }

  #add(key: PairKey, value: number, stretch: Stretch & { readonly memory: number }): void {
    const tag = key.hi || 1;
    let own = 0;
    let oldestOwn = -1;
    let victim = -1;
    for (let i = 0; i < probes; i++) {
      const place = (key.lo + i) & this.#mask;
      if (this.#tags[place] === tag) {
        if (this.#values[place] === value) {
          this.#extend(place, stretch);
          return;
        }
        own++;
        if (oldestOwn === -1 || this.#lasts[place]! < this.#lasts[oldestOwn]!) oldestOwn = place;
      }
      // An empty place was last used at 0.
      if (victim === -1 || this.#lasts[place]! < this.#lasts[victim]!) victim = place;
    }
    if (own >= valuesPerKey) victim = oldestOwn;
    if (this.#lasts[victim]! > stretch.last) {
      this.evicted++;
      return;
    }
    if (this.#tags[victim] === 0) this.used++;
    else if (this.#lasts[victim]! + this.#memories[victim]! >= stretch.last) this.evicted++;
    this.#changed.mark(victim);
    this.#tags[victim] = tag;
    this.#homes[victim] = key.lo;
    this.#values[victim] = value;
    this.#memories[victim] = stretch.memory;
    this.#firsts[victim] = stretch.first;
    this.#lasts[victim] = stretch.last;
    this.#firstsBefore[victim] = this.#lastsBefore[victim] = 0;
  }

  /** Takes a stretch of time in which the value was there into those that are known. */
  #extend(place: number, stretch: Stretch): void {
    this.#changed.mark(place);
    const memory = this.#memories[place]!;
    const first = this.#firsts[place]!;
    const last = this.#lasts[place]!;
    if (this.#firstsBefore[place] === 0 && stretch.first <= last + memory && stretch.last + memory >= first) {
      this.#firsts[place] = Math.min(first, stretch.first);
      this.#lasts[place] = Math.max(last, stretch.last);
      return;
    }
    const before = { first: this.#firstsBefore[place]!, last: this.#lastsBefore[place]! };
    const [earlier, later] = lastTwo([before, { first, last }, stretch], memory);
    this.#firsts[place] = later.first;
    this.#lasts[place] = later.last;
    this.#firstsBefore[place] = earlier.first;
    this.#lastsBefore[place] = earlier.last;
  }

  #columns(): Uint32Array[] {
    return [
      this.#tags, this.#homes, this.#values, this.#memories, this.#firsts, this.#lasts, this.#firstsBefore, this.#lastsBefore,
    ]; // prettier-ignore
  }
}

/** A time in which a value was never absent for longer than it is remembered; in whole seconds. */
interface Stretch {
  readonly first: number;
  readonly last: number;
}

const none: Stretch = { first: 0, last: 0 };

/** The last two of some stretches, after those are one that lie less than the memory apart. */
function lastTwo(stretches: readonly Stretch[], memory: number): readonly [Stretch, Stretch] {
  const apart: Stretch[] = [none];
  for (const next of stretches.filter(({ first }) => first !== 0).sort((a, b) => a.first - b.first)) {
    const before = apart.at(-1)!;
    if (before !== none && next.first <= before.last + memory)
      apart[apart.length - 1] = { first: before.first, last: Math.max(before.last, next.last) };
    else apart.push(next);
  }
  return [apart.at(-2)!, apart.at(-1)!];
}

/** The columns of the table, of some of the values that were kept. */
export interface SavedFirstSeen extends SavedPlaces {
  readonly columns: readonly Uint32Array[];
}

/** One counter's part of the table. */
export class FirstSeenCounter {
  readonly #table: FirstSeen;
  readonly #hi: number;
  readonly #lo: number;
  readonly #memory: number;

  /** `name`: tells it from all others, and stays the same over restarts. `memory`: in seconds. */
  constructor(options: { table: FirstSeen; name: string; memory: number }) {
    this.#table = options.table;
    this.#memory = options.memory;
    hashKey(options.name);
    this.#hi = hashed.hi;
    this.#lo = hashed.lo;
  }

  /** The key in a row had a value, given by its 32-bit hash, at a time (epoch ms). */
  see(at: { keys: KeyTable; row: number }, value: number, time: number): void {
    this.#table.see(this.#keyOf(at), value, { second: Math.floor(time / 1000), memory: this.#memory });
  }

  /** What of a key's values is new from `begin` until before `end`, both epoch ms and whole seconds. */
  figure(at: { keys: KeyTable; row: number }, { begin, end }: { begin: number; end: number }): Firsts {
    return this.#table.figure(this.#keyOf(at), { begin: begin / 1000, end: end / 1000, memory: this.#memory });
  }

  #keyOf({ keys, row }: { keys: KeyTable; row: number }): PairKey {
    return { hi: (keys.hi[row]! ^ this.#hi) >>> 0, lo: (keys.lo[row]! ^ this.#lo) >>> 0 };
  }
}
