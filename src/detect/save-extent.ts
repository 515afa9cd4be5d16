/** How much is saved: everything, or what is not as it was when something was saved last. */
export type SaveExtent = "whole" | "changes";

/** Some rows of a table, as they are saved: where each of them was. */
export interface SavedPlaces {
  /** Ascending. */
  readonly rows: Uint32Array;
}

/** Each row of a table that was saved whole, and then in changes, where it was saved last; ascending. */
export function* newestOf(saves: readonly SavedPlaces[]): Generator<{ row: number; save: number; place: number }> {
  const size = saves.reduce((most, { rows }) => Math.max(most, rows.at(-1) ?? -1), -1) + 1;
  const newest = new Int32Array(size).fill(-1);
  const places = new Uint32Array(size);
  for (const [save, { rows }] of saves.entries()) {
    for (let place = 0; place < rows.length; place++) {
      newest[rows[place]!] = save;
      places[rows[place]!] = place;
    }
  }
  for (let row = 0; row < size; row++) if (newest[row]! >= 0) yield { row, save: newest[row]!, place: places[row]! };
}
