/** Rows of a table that are not as they were when they were saved last. */
export class ChangedRows {
  /** A bit for each row. */
  readonly #bits: Uint32Array;

  constructor(rows: number) {
    this.#bits = new Uint32Array(Math.ceil(rows / 32));
  }

  mark(row: number): void {
    this.#bits[row >>> 5]! |= 1 << (row & 31);
  }

  /** Those rows, ascending. From here on none of them has changed. */
  take(): number[] {
    const rows: number[] = [];
    for (let word = 0; word < this.#bits.length; word++) {
      for (let left = this.#bits[word]!; left !== 0; left &= left - 1)
        rows.push(word * 32 + 31 - Math.clz32(left & -left));
    }
    this.#bits.fill(0);
    return rows;
  }
}
