import { samplesPerBucket } from "./bucket-ring.ts";
import type { Known, Remembered } from "./define-detector.ts";
import { keepEarliest, type Sample } from "./sample.ts";
import { Scratch, type Slot } from "./slot.ts";
import type { SparseRows } from "./sparse-rows.ts";

/** A stretch of time from `begin` until before `end`, epoch ms. */
interface Window {
  readonly begin: number;
  readonly end: number;
}

/** One slot of a row that keeps its observations one by one. */
interface OfRow {
  readonly row: number;
  readonly slot: Slot;
}

/** The figure of a slot over a window; the same as its buckets would give. */
export function sparseFigure(sparse: SparseRows, { row, slot }: OfRow, { begin, end }: Window): number | Known {
  const total = Scratch.accumulator(slot);
  for (let at = sparse.first(row); at !== 0; at = sparse.next(at)) {
    if ((sparse.mask(at) & slot.bit) === 0) continue;
    const time = sparse.time(at);
    if (time >= begin && time < end) total.add(slot.width === 0 ? 0 : sparse.value(at, slot.at));
  }
  return total.result();
}

/** The newest events that a `last` counter remembers of a window, oldest first. */
export function remembered(sparse: SparseRows, { row, slot }: OfRow, { begin, end }: Window): Remembered[] {
  // The newest come first, nearly always: once there are enough, the others are left with one look.
  const found: number[] = [];
  for (let at = sparse.first(row); at !== 0; at = sparse.next(at)) {
    if ((sparse.mask(at) & slot.bit) === 0 || sparse.time(at) < begin || sparse.time(at) >= end) continue;
    if (found.length === slot.n) {
      if (sparse.isBefore(at, found[0]!)) continue;
      found.shift();
    }
    let place = found.length;
    for (; place > 0 && sparse.isBefore(at, found[place - 1]!); place--) found[place] = found[place - 1]!;
    found[place] = at;
  }
  return found.map((at) => {
    const values: number[] = [];
    for (let v = 0; v < slot.width; v++) values.push(sparse.value(at, slot.at + v));
    return { time: sparse.time(at), values };
  });
}

/** The samples of a window: of each bucket the earliest, as many as a ring would keep. */
export function sparseSamples(
  sparse: SparseRows,
  row: number,
  { begin, end, bucketMs }: Window & { readonly bucketMs: number },
): Sample[] {
  const byBucket = new Map<number, Sample[]>();
  for (let at = sparse.first(row); at !== 0; at = sparse.next(at)) {
    const time = sparse.time(at);
    const sample = time >= begin && time < end ? sparse.sampleAt(at) : undefined;
    if (!sample) continue;
    const bucket = Math.floor(time / bucketMs);
    if (!byBucket.has(bucket)) byBucket.set(bucket, []);
    keepEarliest(byBucket.get(bucket)!, sample, samplesPerBucket);
  }
  return [...byBucket.values()].flat();
}
