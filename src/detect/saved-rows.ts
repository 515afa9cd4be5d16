import type { BucketPool, SavedRing } from "./bucket-pool.ts";
import type { SparseColumns } from "./held-rows.ts";
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

/**
 * Many rows in few arrays, since saving hundreds of thousands of small ones would stop everything for seconds; and
 * the arrays in stretches of rows, made as they are read: what everything waits for is to hold on to the rows.
 */
export interface SavedRows {
  /** Numbers an observation carries. */
  readonly width: number;
  /** Of each row: how many of the observations are its own. */
  readonly counts: Uint8Array;
  /** Of as many rows each, but for the last. */
  readonly stretches: readonly { readonly columns: SparseColumns }[];
  readonly rings: SavedRings;
}

/** Some milliseconds' worth. It is part of what is saved: with it `stateVersion` changes. */
const rowsAtOnce = 4_096;

/** What was observed of these rows; the same however late it is read. */
export function saveRows({
  rows,
  sparse,
  pool,
}: {
  readonly rows: readonly number[];
  readonly sparse: SparseRows;
  readonly pool: BucketPool;
}): SavedRows {
  const held = sparse.held(rows);
  const { width, counts } = held;
  const stretches = Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, i) => ({
    get columns() {
      return held.columns(i * rowsAtOnce, Math.min((i + 1) * rowsAtOnce, rows.length));
    },
  }));
  return { width, counts, stretches, rings: saveRings(pool, rows) };
}

/** The rows one by one, in their order. */
export function* savedRows(saved: SavedRows): Generator<SavedRow> {
  const ringOf = ringsByPlace(saved.rings);
  for (const [i, { columns }] of saved.stretches.entries()) {
    const { times, hashes, masks, evidence, values, samples } = columns;
    let from = 0;
    for (let place = i * rowsAtOnce; place < Math.min((i + 1) * rowsAtOnce, saved.counts.length); place++) {
      const to = from + saved.counts[place]!;
      yield {
        times: times.subarray(from, to),
        hashes: hashes.subarray(from, to),
        masks: masks.subarray(from, to),
        evidence: evidence.subarray(from, to),
        values: values.subarray(from * saved.width, to * saved.width),
        samples: samples.subarray(from, to),
        pooled: ringOf(place),
      };
      from = to;
    }
  }
}
