/** The row is listed, though it is not hot any more. */
const cold = 1;

/**
 * Rows that may make a detector fire, and the last bucket that has to be sealed for that. There may be
 * hundreds of thousands: a map of them would stop everything each time it grows.
 */
export class HotRows {
  /** By row: the bucket and two, `cold`, or 0 when it is not listed. */
  readonly #until: Uint32Array;
  /** In the order in which they became hot. */
  #listed: number[] = [];
  #size = 0;

  constructor(rows: number) {
    this.#until = new Uint32Array(rows);
  }

  get size(): number {
    return this.#size;
  }

  has(row: number): boolean {
    return this.#until[row]! > cold;
  }

  set(row: number, bucket: number): void {
    const until = this.#until[row]!;
    if (until === 0) this.#listed.push(row);
    if (until <= cold) this.#size++;
    this.#until[row] = bucket + 2;
  }

  delete(row: number): void {
    if (!this.has(row)) return;
    this.#until[row] = cold;
    this.#size--;
  }

  /** The rows, in the order in which they became hot. */
  keys(): number[] {
    return this.#listed.filter((row) => this.has(row));
  }

  /** A bucket is sealed: rows without later ones cool down, and `cooled` is told of each. */
  sealed(bucket: number, cooled: (row: number) => void): void {
    const before = this.#listed;
    this.#listed = [];
    for (const row of before) {
      if (this.#until[row]! > bucket + 2) this.#listed.push(row);
      else {
        const isCooling = this.has(row);
        this.#until[row] = 0;
        if (!isCooling) continue;
        this.#size--;
        cooled(row);
      }
    }
  }
}
