import { ChangedRows } from "./changed-rows.ts";

/** Rows looked at for one key; the quietest of them gives way when all are taken. */
const probes = 16;

/**
 * A table of keys with a fixed number of rows, addressed by a 64-bit hash. It never grows: when the
 * rows a key could have are all taken, the quietest and oldest gives way, and that is counted.
 * Columns of other arrays use the row's number.
 */
export class KeyTable {
  readonly capacity: number;
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  /** Event time the row was last touched, epoch seconds. */
  readonly seen: Uint32Array;
  /** How often it was touched, up to 255. */
  readonly touches: Uint8Array;
  /** Rows that were touched, or what is kept of them elsewhere has changed, since they were saved last. */
  readonly changed: ChangedRows;
  used = 0;
  evicted = 0;
  readonly #mask: number;
  readonly #onEvict: (row: number) => void;
  readonly #isPinned: (row: number) => boolean;
  readonly #secondsPerDoubling: number;

  /**
   * `capacity` is rounded up to a power of two. `isPinned` rows (open episodes) give way last.
   * `secondsPerDoubling`: how much newer a row seems with each doubling of its touches.
   */
  constructor(
    capacity: number,
    options: { onEvict: (row: number) => void; isPinned: (row: number) => boolean; secondsPerDoubling?: number },
  ) {
    this.capacity = 2 ** Math.ceil(Math.log2(Math.max(capacity, probes * 2)));
    this.#mask = this.capacity - 1;
    this.hi = new Uint32Array(this.capacity);
    this.lo = new Uint32Array(this.capacity);
    this.seen = new Uint32Array(this.capacity);
    this.touches = new Uint8Array(this.capacity);
    this.changed = new ChangedRows(this.capacity);
    this.#onEvict = options.onEvict;
    this.#isPinned = options.isPinned;
    this.#secondsPerDoubling = options.secondsPerDoubling ?? 30;
  }

  /** Memory of its columns. */
  get bytes(): number {
    return [this.hi, this.lo, this.seen, this.touches].reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** The key's row, or -1. */
  find(hi: number, lo: number): number {
    for (let i = 0; i < probes; i++) {
      const row = (lo + i) & this.#mask;
      if (this.lo[row] === lo && this.hi[row] === hi) return row;
    }
    return -1;
  }

  /**
   * The key's row, made when it has none. `second`: the event's. `expired`: rows untouched since that
   * second are free, and taking one is no eviction.
   */
  claim({ hi, lo }: { readonly hi: number; readonly lo: number }, second: number, expired: number): number {
    const known = this.find(hi, lo);
    return this.touch(known === -1 ? this.#take(hi, lo, expired) : known, second);
  }

  /** Rows with a key that was seen at that second or later. */
  live(second: number): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.capacity; row++) {
      if (this.lo[row] !== 0 && this.seen[row]! >= second) rows.push(row);
    }
    return rows;
  }

  /** The row of a key that was saved, made anew with the age it had. */
  restore(key: { readonly hi: number; readonly lo: number }, of: { seen: number; touches: number }): number {
    const row = this.claim(key, of.seen, 0);
    this.touches[row] = of.touches;
    return row;
  }

  touch(row: number, second: number): number {
    if (second > this.seen[row]!) this.seen[row] = second;
    if (this.touches[row]! < 255) this.touches[row]!++;
    this.changed.mark(row);
    return row;
  }

  #take(hi: number, lo: number, expired: number): number {
    let victim = -1;
    let victimScore = Infinity;
    for (let i = 0; i < probes && victimScore > -1; i++) {
      const row = (lo + i) & this.#mask;
      const score = this.#score(row, expired);
      if (score < victimScore) {
        victim = row;
        victimScore = score;
      }
    }
    if (this.lo[victim] === 0) this.used++;
    else {
      if (victimScore > 0) this.evicted++;
      this.#onEvict(victim);
    }
    this.hi[victim] = hi;
    this.lo[victim] = lo;
    this.touches[victim] = 0;
    this.seen[victim] = 0;
    return victim;
  }

  /** Lower gives way first: empty, expired, then old and quiet; as usual ten doublings of touches outweigh five minutes. */
  #score(row: number, expired: number): number {
    if (this.lo[row] === 0) return -1;
    if (this.#isPinned(row)) return Number.MAX_SAFE_INTEGER;
    const seen = this.seen[row]!;
    return seen < expired ? 0 : seen + this.#secondsPerDoubling * Math.log2(1 + this.touches[row]!);
  }
}
