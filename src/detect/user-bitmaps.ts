/** Users are told apart for a day, in two halves so that the older can be dropped. */
const halfMs = 12 * 60 * 60_000;
const words = 2;
const bits = words * 32;

/**
 * A row's word: nothing; one user of the half that it names, and perhaps one of the half before; or, with the
 * highest bit, which of the places has its bitmaps.
 */
const placed = 0x8000_0000;
const halfShift = 13;
const beforeBit = 1 << 12;
const beforeShift = 6;
const bitMask = bits - 1;

/** A place: the bitmaps of both halves, then which half each is of. */
const perPlace = 2 * words + 2;
const placesPerSegment = 4_096;

/**
 * The users of many clients, each in as little as 64 bits for half a day. Behind most clients there is one
 * user: that is said in a word; only others are given bitmaps.
 */
export class UserBitmaps {
  readonly #rows: Uint32Array;
  readonly #segments: Uint32Array[] = [];
  readonly #free: number[] = [];
  #places = 0;

  constructor(rows: number) {
    this.#rows = new Uint32Array(rows);
  }

  /** Which of a client's bits stands for a user, given by 32 bits of hash. */
  static bitOf(hash: number): number {
    return hash & bitMask;
  }

  /** A user was there at `time` (epoch ms). False when that is a day late: the half it belongs to is gone. */
  add(row: number, bit: number, time: number): boolean {
    const half = Math.floor(time / halfMs);
    const word = this.#rows[row]!;
    if (word < placed) {
      const together = word === 0 ? (half << halfShift) | bit : joined(word, half, bit);
      if (together === gone) return false;
      if (together !== several) {
        this.#rows[row] = together;
        return true;
      }
      this.#givePlace(row);
    }
    return this.#addToPlace(this.#rows[row]! - placed, { bit, half });
  }

  /** Whether that bit is set for the half of a day that `time` is in. */
  has(row: number, bit: number, time: number): boolean {
    const half = Math.floor(time / halfMs);
    return half > 0 && (this.#wordOf(row, half, bit >>> 5) & (1 << (bit & 31))) !== 0;
  }

  /** Distinct users of the day up to `time`, by linear counting. */
  count(row: number, time: number): number {
    const oldest = Math.floor(time / halfMs) - 1;
    let set = 0;
    for (let w = 0; w < words; w++) {
      let word = 0;
      for (const half of this.#halvesOf(row)) if (half >= oldest) word |= this.#wordOf(row, half, w);
      for (; word !== 0; word &= word - 1) set++;
    }
    return Math.round(bits * Math.log(bits / Math.max(1, bits - set)));
  }

  forget(row: number): void {
    const word = this.#rows[row]!;
    if (word >= placed) {
      const { segment, at } = this.#at(word - placed);
      segment.fill(0, at, at + perPlace);
      this.#free.push(word - placed);
    }
    this.#rows[row] = 0;
  }

  save(rows: readonly number[]): SavedUsers {
    const users = new Uint32Array(rows.length * 2 * words);
    const halves = new Uint32Array(rows.length * 2);
    for (let i = 0; i < rows.length; i++) {
      for (const half of this.#halvesOf(rows[i]!)) {
        const side = i * 2 + (half & 1);
        halves[side] = half;
        for (let w = 0; w < words; w++) users[side * words + w] = this.#wordOf(rows[i]!, half, w);
      }
    }
    return { users, halves };
  }

  /** Puts one client's users back. `place`: where among the rows that were saved. */
  load(row: number, saved: SavedUsers, place: number): void {
    for (let side = place * 2; side < place * 2 + 2; side++) {
      for (let w = 0; w < words; w++) {
        for (let left = saved.users[side * words + w]!; left !== 0; left &= left - 1)
          this.add(row, w * 32 + 31 - Math.clz32(left & -left), saved.halves[side]! * halfMs);
      }
    }
  }

  /** The halves of a day that a row has users of. */
  #halvesOf(row: number): number[] {
    const word = this.#rows[row]!;
    if (word === 0) return [];
    if (word < placed) {
      const half = word >>> halfShift;
      return (word & beforeBit) === 0 ? [half] : [half, half - 1];
    }
    const { segment, at } = this.#at(word - placed);
    return [segment[at + 2 * words]!, segment[at + 2 * words + 1]!].filter((half) => half !== 0);
  }

  /** 32 of the bits of a half of a day. */
  #wordOf(row: number, half: number, w: number): number {
    const word = this.#rows[row]!;
    if (word < placed) {
      const bit =
        word >>> halfShift === half
          ? word & bitMask
          : (word & beforeBit) !== 0 && (word >>> halfShift) - 1 === half
            ? (word >>> beforeShift) & bitMask
            : -1;
      return bit >>> 5 === w ? 1 << (bit & 31) : 0;
    }
    const { segment, at } = this.#at(word - placed);
    const side = half & 1;
    return segment[at + 2 * words + side] === half ? segment[at + side * words + w]! : 0;
  }

  #addToPlace(place: number, { bit, half }: { bit: number; half: number }): boolean {
    const { segment, at } = this.#at(place);
    const side = half & 1;
    const of = at + 2 * words + side;
    if (segment[of]! > half) return false;
    const from = at + side * words;
    if (segment[of] !== half) {
      segment[of] = half;
      segment.fill(0, from, from + words);
    }
    segment[from + (bit >>> 5)]! |= 1 << (bit & 31);
    return true;
  }

  /** Gives a row's users bitmaps. */
  #givePlace(row: number): void {
    const word = this.#rows[row]!;
    const place = this.#free.pop() ?? this.#places++;
    if (place === this.#segments.length * placesPerSegment)
      this.#segments.push(new Uint32Array(placesPerSegment * perPlace));
    this.#rows[row] = placed + place;
    const half = word >>> halfShift;
    if ((word & beforeBit) !== 0) this.#addToPlace(place, { bit: (word >>> beforeShift) & bitMask, half: half - 1 });
    this.#addToPlace(place, { bit: word & bitMask, half });
  }

  #at(place: number): { segment: Uint32Array; at: number } {
    const segment = this.#segments[Math.floor(place / placesPerSegment)]!;
    return { segment, at: (place % placesPerSegment) * perPlace };
  }
}

/** By row as it was saved: two bitmaps, and which half of a day each is of. */
export interface SavedUsers {
  readonly users: Uint32Array;
  readonly halves: Uint32Array;
}

// helpers

const gone = -1;
const several = -2;

/** A row's word with one more user in it; `several`: it needs bitmaps; `gone`: that user is a day late. */
function joined(word: number, half: number, bit: number): number {
  const known = word >>> halfShift;
  const before = (word & beforeBit) === 0 ? -1 : (word >>> beforeShift) & bitMask;
  if (half === known) return (word & bitMask) === bit ? word : several;
  if (half === known + 1) return (half << halfShift) | beforeBit | ((word & bitMask) << beforeShift) | bit;
  if (half > known) return (half << halfShift) | bit;
  if (half < known - 1) return gone;
  return before === -1 ? word | beforeBit | (bit << beforeShift) : before === bit ? word : several;
}
