import type { SavedRing } from "./bucket-pool.ts";
import type { Sample } from "./sample.ts";

/** What was observed of one row. */
export interface SavedRow {
  readonly times: Float64Array;
  readonly hashes: Uint32Array;
  readonly masks: Uint32Array;
  readonly values: Float64Array;
  readonly samples: readonly (Sample | undefined)[];
  readonly pooled: SavedRing | undefined;
}

/** Many rows in few arrays, since saving hundreds of thousands of small ones would stop everything for seconds. */
export interface SavedRows extends Omit<SavedRow, "pooled"> {
  /** Numbers an observation carries. */
  readonly width: number;
  /** Of each row: how many of the observations are its own. */
  readonly counts: Uint8Array;
  /** By the row's place. */
  readonly pooled: ReadonlyMap<number, SavedRing>;
}

/** The rows one by one, in their order. */
export function* savedRows(saved: SavedRows): Generator<SavedRow> {
  let from = 0;
  for (let place = 0; place < saved.counts.length; place++) {
    const to = from + saved.counts[place]!;
    yield {
      times: saved.times.subarray(from, to),
      hashes: saved.hashes.subarray(from, to),
      masks: saved.masks.subarray(from, to),
      values: saved.values.subarray(from * saved.width, to * saved.width),
      samples: saved.samples.slice(from, to),
      pooled: saved.pooled.get(place),
    };
    from = to;
  }
}
