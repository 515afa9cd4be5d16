/** A column's values at some of its places, in their order; each place once at the most. In a loop, as there may be millions. */
export function picked<T extends Uint32Array | Uint8Array | Float64Array>(column: T, places: readonly number[]): T {
  const values = column.slice(0, places.length) as T;
  for (let i = 0; i < places.length; i++) values[i] = column[places[i]!]!;
  return values;
}
