import { bitmapWords } from "./bitmap.ts";
import type { BucketPool, SavedRing } from "./bucket-pool.ts";
import type { Sample } from "./sample.ts";
import { packed } from "./sketch.ts";

/**
 * The buckets of many rows in few arrays, one bucket after the other. An object for each of them took several times
 * as much, and there are half a million when all rings are taken.
 */
export interface SavedRings {
  /** By slot: its column among the numbers, or the bitmaps, or -1. */
  readonly numberAt: readonly number[];
  readonly bitmapAt: readonly number[];
  /** Of each row with a ring, in their order: its place among all that are saved, and how many buckets are its own. */
  readonly places: Uint32Array;
  readonly counts: Uint32Array;
  readonly buckets: Uint32Array;
  readonly events: Uint32Array;
  /** By bit: the lane's detectors. */
  readonly evidence: Uint32Array;
  readonly numbers: Float64Array;
  readonly bitmaps: Uint32Array;
  /** By the bucket's place, where there are any: packed sketches by slot, and samples. */
  readonly sketches: ReadonlyMap<number, readonly (Uint32Array | undefined)[]>;
  readonly samples: ReadonlyMap<number, readonly Sample[]>;
}

/** What is in the rings of those rows that have one. */
export function saveRings(pool: BucketPool, rows: readonly number[]): SavedRings {
  const { slots, numberAt, bitmapAt, numbers, bitmaps, sketches } = pool.layout;
  const places = Uint32Array.from(rows.keys().filter((place) => pool.has(rows[place]!)));
  const rings = Array.from(places, (place) => pool.ring(rows[place]!)!);
  const counts = Uint32Array.from(rings, ({ tags }) => tags.reduce((sum, tag) => sum + Number(tag !== 0), 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const words = bitmaps * bitmapWords;
  const saved = {
    ...{ numberAt, bitmapAt, places, counts },
    buckets: new Uint32Array(total),
    events: new Uint32Array(total),
    evidence: new Uint32Array(total),
    numbers: new Float64Array(total * numbers),
    bitmaps: new Uint32Array(total * words),
    sketches: new Map<number, (Uint32Array | undefined)[]>(),
    samples: new Map<number, Sample[]>(),
  };
  let to = 0;
  for (const ring of rings) {
    for (let cell = 0; cell < ring.tags.length; cell++) {
      if (ring.tags[cell] === 0) continue;
      saved.buckets[to] = ring.tags[cell]!;
      saved.events[to] = ring.events[cell]!;
      saved.evidence[to] = ring.evidence[cell]!;
      for (let i = 0; i < numbers; i++) saved.numbers[to * numbers + i] = ring.numbers[cell * numbers + i]!;
      for (let w = 0; w < words; w++) saved.bitmaps[to * words + w] = ring.bitmaps[cell * words + w]!;
      if (sketches > 0) {
        saved.sketches.set(to, slots.map(({ kind }, s) => {
          const counted = kind === "quantile" ? ring.sketch(cell, s) : undefined;
          return counted && packed(counted);
        })); // prettier-ignore
      }
      const samples = ring.samplesOf(cell);
      if (samples.length > 0) saved.samples.set(to, [...samples]);
      to++;
    }
  }
  return saved;
}

/** The rings one by one, by the places of their rows; call it with each place once, ascending. */
export function ringsByPlace(saved: SavedRings): (place: number) => SavedRing | undefined {
  let next = 0;
  let from = 0;
  return (place) => {
    if (saved.places[next] !== place) return undefined;
    const first = from;
    from += saved.counts[next++]!;
    return Array.from({ length: from - first }, (_, i) => bucketAt(saved, first + i));
  };
}

// helpers

function bucketAt(saved: SavedRings, at: number): SavedRing[number] {
  const { numberAt, bitmapAt } = saved;
  const numbers = (at * saved.numbers.length) / saved.buckets.length;
  const words = (at * saved.bitmaps.length) / saved.buckets.length;
  const bitsOf = (column: number) =>
    saved.bitmaps.slice(words + column * bitmapWords, words + (column + 1) * bitmapWords);
  return {
    bucket: saved.buckets[at]!,
    events: saved.events[at]!,
    evidence: saved.evidence[at]!,
    numbers: numberAt.map((column) => (column < 0 ? undefined : saved.numbers[numbers + column]!)),
    bitmaps: bitmapAt.map((column) => (column < 0 ? undefined : bitsOf(column))),
    sketches: saved.sketches.get(at) ?? [],
    samples: saved.samples.get(at) ?? [],
  };
}
