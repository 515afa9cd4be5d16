import type { BucketPool, SavedRing } from "./bucket-pool.ts";
import { picked } from "./picked.ts";
import { ringsByPlace, type SavedRings, saveRings } from "./saved-rings.ts";
import type { SparseRows } from "./sparse-rows.ts";

/** What was observed of one row. */
export interface SavedRow {
  readonly times: Float64Array;
  readonly hashes: Uint32Array;
  readonly masks: Uint32Array;
  /** By bit: the lane's detectors whose evidence it is. */
  readonly evidence: Uint32Array;
  readonly values: Float64Array;
  /** Numbers of the ring of samples, or 0. */
  readonly samples: Uint32Array;
  readonly pooled: SavedRing | undefined;
}

/** Many rows in few arrays, since saving hundreds of thousands of small ones would stop everything for seconds. */
export interface SavedRows extends Omit<SavedRow, "pooled"> {
  /** Numbers an observation carries. */
  readonly width: number;
  /** Of each row: how many of the observations are its own. */
  readonly counts: Uint8Array;
  readonly rings: SavedRings;
}

/** What was observed of these rows. */
export function saveRows({
  rows,
  sparse,
  pool,
}: {
  readonly rows: readonly number[];
  readonly sparse: SparseRows;
  readonly pool: BucketPool;
}): SavedRows {
  const { width } = sparse;
  const counts = picked(sparse.entries, rows);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const saved = {
    ...{ width, counts, rings: saveRings(pool, rows) },
    times: new Float64Array(total),
    hashes: new Uint32Array(total),
    masks: new Uint32Array(total),
    evidence: new Uint32Array(total),
    samples: new Uint32Array(total),
    values: new Float64Array(total * width),
  };
  let to = 0;
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place]!;
    if (sparse.entries[row] !== 0) to = sparse.copy(row, saved, to);
  }
  return saved;
}

/** The rows one by one, in their order. */
export function* savedRows(saved: SavedRows): Generator<SavedRow> {
  const ringOf = ringsByPlace(saved.rings);
  let from = 0;
  for (let place = 0; place < saved.counts.length; place++) {
    const to = from + saved.counts[place]!;
    yield {
      times: saved.times.subarray(from, to),
      hashes: saved.hashes.subarray(from, to),
      masks: saved.masks.subarray(from, to),
      evidence: saved.evidence.subarray(from, to),
      values: saved.values.subarray(from * saved.width, to * saved.width),
      samples: saved.samples.subarray(from, to),
      pooled: ringOf(place),
    };
    from = to;
  }
}
