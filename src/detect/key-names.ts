/**
 * The texts of some of a table's keys, by row. There may be hundreds of thousands: a map of them would stop
 * everything each time it grows.
 */
export class KeyNames {
  /** By row: where its text is, and one; 0: it has none. */
  readonly #places: Uint32Array;
  readonly #texts: (string | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(rows: number) {
    this.#places = new Uint32Array(rows);
  }

  get size(): number {
    return this.#texts.length - this.#free.length;
  }

  has(row: number): boolean {
    return this.#places[row] !== 0;
  }

  get(row: number): string | undefined {
    const place = this.#places[row]!;
    return place === 0 ? undefined : this.#texts[place - 1];
  }

  set(row: number, text: string): void {
    const known = this.#places[row]!;
    const place = known === 0 ? (this.#free.pop() ?? this.#texts.length) : known - 1;
    this.#texts[place] = text;
    this.#places[row] = place + 1;
  }

  delete(row: number): void {
    const place = this.#places[row]!;
    if (place === 0) return;
    this.#texts[place - 1] = undefined;
    this.#free.push(place - 1);
    this.#places[row] = 0;
  }
}
