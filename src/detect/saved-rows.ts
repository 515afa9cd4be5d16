import type { BucketPool, SavedRing } from "./bucket-pool.ts";
import type { Sample } from "./sample.ts";
import type { SparseRows } from "./sparse-rows.ts";

/** What was observed of one row. */
export interface SavedRow {
  readonly times: Float64Array;
  readonly hashes: Uint32Array;
  readonly masks: Uint32Array;
  /** By bit: the lane's detectors whose evidence it is. */
  readonly evidence: Uint32Array;
  readonly values: Float64Array;
  readonly samples: readonly (Sample | undefined)[];
  readonly pooled: SavedRing | undefined;
}

/** Many rows in few arrays, since saving hundreds of thousands of small ones would stop everything for seconds. */
export interface SavedRows extends Omit<SavedRow, "pooled" | "samples"> {
  /** Numbers an observation carries. */
  readonly width: number;
  /** Of each row: how many of the observations are its own. */
  readonly counts: Uint8Array;
  /** By the observation's place. */
  readonly samples: ReadonlyMap<number, Sample>;
  /** By the row's place. */
  readonly pooled: ReadonlyMap<number, SavedRing>;
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
  const total = rows.reduce((sum, row) => sum + sparse.entries[row]!, 0);
  const samples = new Map<number, Sample>();
  const pooled = new Map<number, SavedRing>();
  const saved = {
    ...{ width, samples, pooled },
    counts: Uint8Array.from(rows, (row) => sparse.entries[row]!),
    times: new Float64Array(total),
    hashes: new Uint32Array(total),
    masks: new Uint32Array(total),
    evidence: new Uint32Array(total),
    values: new Float64Array(total * width),
  };
  let to = 0;
  rows.forEach((row, place) => {
    for (let at = sparse.first(row); at !== 0; at = sparse.next(at), to++) {
      saved.times[to] = sparse.time(at);
      saved.hashes[to] = sparse.hash(at);
      saved.masks[to] = sparse.mask(at);
      saved.evidence[to] = sparse.evidence(at);
      const sample = sparse.sampleAt(at);
      if (sample) samples.set(to, sample);
      for (let v = 0; v < width; v++) saved.values[to * width + v] = sparse.value(at, v);
    }
    if (pool.has(row)) pooled.set(place, pool.save(row));
  });
  return saved;
}

/** The rows one by one, in their order. */
export function* savedRows(saved: SavedRows): Generator<SavedRow> {
  let from = 0;
  for (let place = 0; place < saved.counts.length; place++) {
    const begin = from;
    const to = from + saved.counts[place]!;
    yield {
      times: saved.times.subarray(from, to),
      hashes: saved.hashes.subarray(from, to),
      masks: saved.masks.subarray(from, to),
      evidence: saved.evidence.subarray(from, to),
      values: saved.values.subarray(from * saved.width, to * saved.width),
      samples: Array.from({ length: to - from }, (_, i) => saved.samples.get(begin + i)),
      pooled: saved.pooled.get(place),
    };
    from = to;
  }
}
