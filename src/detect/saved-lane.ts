import type { SavedRing } from "./bucket-pool.ts";
import type { DetectorSet } from "./detector-sets.ts";
import type { Lane } from "./lane.ts";
import { savedRows, type SavedRow, type SavedRows } from "./saved-rows.ts";
import type { Sample } from "./sample.ts";
import { definitionOf, type Slot } from "./slot.ts";

/** What a slot counted, to be found again among the slots of a lane. Its bit is that of its place. */
export interface SavedSlot {
  readonly definition: string;
  /** `detector.counter` of each owner. */
  readonly names: readonly string[];
  readonly at: number;
  readonly width: number;
}

/** One lane as plain data. Rows by their place in the list that its space saved. */
export interface SavedLane {
  readonly windowMs: number;
  readonly bucketMs: number;
  readonly slots: readonly SavedSlot[];
  readonly rows: SavedRows;
  /** Buckets that are not sealed yet, the rows to be judged then, and by whom. */
  readonly pending: readonly (readonly [bucket: number, places: Uint32Array, by: readonly DetectorSet[]])[];
}

/** `placeOf`: by row, its place among the rows. */
export function saveLane(lane: Lane, rows: readonly number[], placeOf: ReadonlyMap<number, number>): SavedLane {
  return {
    windowMs: lane.windowMs,
    bucketMs: lane.bucketMs,
    slots: lane.slots.map((slot) => ({
      definition: definitionOf(slot),
      names: slot.names,
      at: slot.at,
      width: slot.width,
    })),
    rows: lane.save(rows),
    pending: [...lane.pending].map(([bucket, waiting]) => {
      const known = [...waiting].filter(([row]) => placeOf.has(row));
      return [bucket, Uint32Array.from(known, ([row]) => placeOf.get(row)!), known.map(([, by]) => by)];
    }),
  };
}

/**
 * Puts a lane back. Slots that count what they counted before go on; those that are new, or count
 * something else by now, begin anew.
 */
export function loadLane(
  lane: Lane,
  saved: SavedLane,
  onto: {
    rows: readonly number[];
    sampleOf: (sample: Sample) => Sample;
    setOf: (set: DetectorSet) => DetectorSet;
    /** Slots that have got what they counted: it may have been in two lanes, and is one now. */
    filled: Set<Slot>;
  },
): void {
  const places = lane.slots.map((slot) =>
    onto.filled.has(slot) ? -1 : saved.slots.findIndex((old) => isSame(old, slot)),
  );
  if (places.every((old) => old === -1)) return;
  const isAsBefore = places.length === saved.slots.length && places.every((old, place) => old === place);
  lane.slots.forEach((slot, s) => places[s]! >= 0 && onto.filled.add(slot));
  let place = 0;
  for (const row of savedRows(saved.rows)) {
    const own = isAsBefore ? row : moved(row, { lane, saved, places });
    lane.merge(onto.rows[place++]!, withSamples(own, onto.sampleOf));
  }
  for (const [bucket, waiting, by] of saved.pending) {
    waiting.forEach((at, i) => {
      const evidence = onto.setOf(by[i]!);
      if (lane.isJudgedFor(evidence)) lane.markPending(bucket, onto.rows[at]!, evidence);
    });
  }
}

// helpers

/** The same text is not enough: what it refers to may differ between detectors. */
function isSame(old: SavedSlot, slot: Slot): boolean {
  return old.definition === definitionOf(slot) && slot.names.some((name) => old.names.includes(name));
}

/** A row as the lane's slots lie now. `places`: of each slot its former place, or -1. */
function moved(row: SavedRow, to: { lane: Lane; saved: SavedLane; places: readonly number[] }): SavedRow {
  const { lane, saved, places } = to;
  const newMask = (mask: number) =>
    lane.slots.reduce(
      (sum, slot, i) => (places[i]! >= 0 && (mask & (1 << places[i]!)) !== 0 ? sum | slot.bit : sum),
      0,
    );
  const kept = [...row.masks.keys()].filter((i) => newMask(row.masks[i]!) !== 0);
  const values = new Float64Array(kept.length * lane.width);
  kept.forEach((from, i) => {
    lane.slots.forEach(({ at, width }, s) => {
      const old = saved.slots[places[s]!];
      if (!old || (row.masks[from]! & (1 << places[s]!)) === 0) return;
      for (let v = 0; v < width; v++)
        values[i * lane.width + at + v] = row.values[from * saved.rows.width + old.at + v]!;
    });
  });
  return {
    times: Float64Array.from(kept, (i) => row.times[i]!),
    hashes: Uint32Array.from(kept, (i) => row.hashes[i]!),
    masks: Uint32Array.from(kept, (i) => newMask(row.masks[i]!)),
    values,
    samples: kept.map((i) => row.samples[i]),
    pooled: places.some((old, s) => old >= 0 && lane.slots[s]!.kind !== "last")
      ? movedRing(row.pooled, places)
      : undefined,
  };
}

function movedRing(ring: SavedRing | undefined, places: readonly number[]): SavedRing | undefined {
  return ring?.map(({ bucket, numbers, bitmaps, sketches, samples }) => ({
    ...{ bucket, samples },
    numbers: places.map((old) => numbers[old]),
    bitmaps: places.map((old) => bitmaps[old]),
    sketches: places.map((old) => sketches[old]),
  }));
}

function withSamples(row: SavedRow, sampleOf: (sample: Sample) => Sample): SavedRow {
  return {
    ...row,
    samples: row.samples.map((sample) => sample && sampleOf(sample)),
    pooled: row.pooled?.map((cell) => ({ ...cell, samples: cell.samples.map(sampleOf) })),
  };
}
