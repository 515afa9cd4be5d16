import type { SavedRing } from "./bucket-pool.ts";
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
  /** Ids of the detectors whose evidence is said by bits. */
  readonly judges: readonly string[];
  /** Buckets that are not judged yet. */
  readonly unsealed: readonly number[];
}

/** `ids`: of all detectors, by their numbers. */
export function saveLane(lane: Lane, rows: readonly number[], ids: readonly string[]): SavedLane {
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
    judges: lane.judges.indexes.map((index) => ids[index]!),
    unsealed: [...lane.unsealed],
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
    /** Where those that were saved are now; -1: they are not wanted. */
    rows: Int32Array;
    sampleOf: (sample: Sample) => Sample;
    /** Of all detectors, by their numbers. */
    ids: readonly string[];
    /** Slots that have got what they counted: it may have been in two lanes, and is one now. */
    filled: Set<Slot>;
  },
): void {
  const places = lane.slots.map((slot) =>
    onto.filled.has(slot) ? -1 : saved.slots.findIndex((old) => isSame(old, slot)),
  );
  if (places.every((old) => old === -1)) return;
  const judges = lane.judges.indexes.map((index) => saved.judges.indexOf(onto.ids[index]!));
  const isAsBefore = isSameOrder(places, saved.slots.length) && isSameOrder(judges, saved.judges.length);
  lane.slots.forEach((slot, s) => places[s]! >= 0 && onto.filled.add(slot));
  let place = 0;
  for (const row of savedRows(saved.rows)) {
    const to = onto.rows[place++]!;
    if (to === -1) continue;
    const own = isAsBefore ? row : moved(row, { lane, saved, places, judges });
    lane.merge(to, withSamples(own, onto.sampleOf));
  }
}

// helpers

/** The same text is not enough: what it refers to may differ between detectors. */
function isSame(old: SavedSlot, slot: Slot): boolean {
  return old.definition === definitionOf(slot) && slot.names.some((name) => old.names.includes(name));
}

function isSameOrder(places: readonly number[], before: number): boolean {
  return places.length === before && places.every((old, place) => old === place);
}

/** A row as the lane's slots and judges lie now. `places`, `judges`: of each its former place, or -1. */
function moved(
  row: SavedRow,
  to: { lane: Lane; saved: SavedLane; places: readonly number[]; judges: readonly number[] },
): SavedRow {
  const { lane, saved, places, judges } = to;
  const newMask = (mask: number) => movedBits(mask, places);
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
    evidence: Uint32Array.from(kept, (i) => movedBits(row.evidence[i]!, judges)),
    values,
    samples: Uint32Array.from(kept, (i) => row.samples[i]!),
    pooled: places.some((old, s) => old >= 0 && lane.slots[s]!.kind !== "last")
      ? movedRing(row.pooled, places, judges)
      : undefined,
  };
}

/** `to`: of each bit its former place, or -1. */
function movedBits(bits: number, to: readonly number[]): number {
  return to.reduce((sum, old, bit) => (old >= 0 && (bits & (1 << old)) !== 0 ? sum | (1 << bit) : sum), 0);
}

function movedRing(
  ring: SavedRing | undefined,
  places: readonly number[],
  judges: readonly number[],
): SavedRing | undefined {
  return ring?.map(({ bucket, events, evidence, numbers, bitmaps, sketches, samples }) => ({
    ...{ bucket, events, samples, evidence: movedBits(evidence, judges) },
    numbers: places.map((old) => numbers[old]),
    bitmaps: places.map((old) => bitmaps[old]),
    sketches: places.map((old) => sketches[old]),
  }));
}

function withSamples(row: SavedRow, sampleOf: (sample: Sample) => Sample): SavedRow {
  return {
    ...row,
    pooled: row.pooled?.map((cell) => ({ ...cell, samples: cell.samples.map(sampleOf) })),
  };
}
