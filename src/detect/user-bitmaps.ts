/** Users are told apart for a day, in two halves so that the older can be dropped. */
const halfMs = 12 * 60 * 60_000;
const words = 2;
const bits = words * 32;

/** The users of many clients, each in as little as 64 bits for half a day. */
export class UserBitmaps {
  readonly #users: Uint32Array;
  /** When each half began, as its number since the epoch. */
  readonly #halves: Uint32Array;

  constructor(rows: number) {
    this.#users = new Uint32Array(rows * 2 * words);
    this.#halves = new Uint32Array(rows * 2);
  }

  /** Which of a client's bits stands for a user, given by 32 bits of hash. */
  static bitOf(hash: number): number {
    return hash & (bits - 1);
  }

  /** A user was there at `time` (epoch ms). False when that is a day late: the half it belongs to is gone. */
  add(row: number, bit: number, time: number): boolean {
    const half = Math.floor(time / halfMs);
    const side = row * 2 + (half & 1);
    if (this.#halves[side]! > half) return false;
    const at = side * words;
    if (this.#halves[side] !== half) {
      this.#halves[side] = half;
      this.#users.fill(0, at, at + words);
    }
    this.#users[at + (bit >>> 5)]! |= 1 << (bit & 31);
    return true;
  }

  /** Whether that bit is set for the half of a day that `time` is in. */
  has(row: number, bit: number, time: number): boolean {
    const half = Math.floor(time / halfMs);
    const side = row * 2 + (half & 1);
    return this.#halves[side] === half && (this.#users[side * words + (bit >>> 5)]! & (1 << (bit & 31))) !== 0;
  }

  /** Distinct users of the day up to `time`, by linear counting. */
  count(row: number, time: number): number {
    const oldest = Math.floor(time / halfMs) - 1;
    let set = 0;
    for (let w = 0; w < words; w++) {
      let word = 0;
      for (let side = row * 2; side < row * 2 + 2; side++)
        if (this.#halves[side]! >= oldest) word |= this.#users[side * words + w]!;
      for (; word !== 0; word &= word - 1) set++;
    }
    return Math.round(bits * Math.log(bits / Math.max(1, bits - set)));
  }

  forget(row: number): void {
    this.#users.fill(0, row * 2 * words, (row + 1) * 2 * words);
    this.#halves.fill(0, row * 2, row * 2 + 2);
  }

  save(rows: readonly number[]): SavedUsers {
    const users = new Uint32Array(rows.length * 2 * words);
    const halves = new Uint32Array(rows.length * 2);
    // Small pieces of hundreds of thousands of rows: a view for each would take longer than the numbers themselves.
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      for (let w = 0; w < 2 * words; w++) users[i * 2 * words + w] = this.#users[row * 2 * words + w]!;
      for (let h = 0; h < 2; h++) halves[i * 2 + h] = this.#halves[row * 2 + h]!;
    }
    return { users, halves };
  }

  /** Puts one client's users back. `place`: where among the rows that were saved. */
  load(row: number, saved: SavedUsers, place: number): void {
    this.#users.set(saved.users.subarray(place * 2 * words, (place + 1) * 2 * words), row * 2 * words);
    this.#halves.set(saved.halves.subarray(place * 2, place * 2 + 2), row * 2);
  }
}

/** By row as it was saved: two bitmaps, and which half of a day each is of. */
export interface SavedUsers {
  readonly users: Uint32Array;
  readonly halves: Uint32Array;
}
