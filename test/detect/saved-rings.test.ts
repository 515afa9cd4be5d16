import { expect, test } from "vitest";
import { BucketPool } from "../../src/detect/bucket-pool.ts";
import { ringsByPlace, saveRings } from "../../src/detect/saved-rings.ts";
import { Scratch, type Slot } from "../../src/detect/slot.ts";

const slots = [{ kind: "count" }, { kind: "distinct", at: 0 }] as unknown as Slot[];
const poolOf = () => new BucketPool({ owners: 10, slots, ring: 4, size: 8 });
const scratch = new Scratch();

test("each row gets its own buckets back, whoever lies between them", () => {
  const [pool, other] = [poolOf(), poolOf()];
  for (const row of [3, 5, 8]) {
    pool.take(row);
    for (let bucket = 100; bucket < 100 + row - 2; bucket++) {
      scratch.mask = 3;
      scratch.values[0] = row * bucket;
      pool.ring(row)!.add(bucket, { evidence: row + (bucket % 2), sample: undefined }, scratch);
    }
  }
  const rows = [8, 1, 3, 2, 5];
  const ringOf = ringsByPlace(saveRings(pool, rows));
  const held = rows.flatMap((row, place) => {
    const ring = ringOf(place);
    if (ring === undefined) return [];
    other.take(row);
    other.merge(row, ring);
    return [row];
  });
  expect(held).toEqual([8, 3, 5]);
  for (const row of held) {
    const columns = (of: BucketPool) => {
      const { total, tags, events, evidence, numbers, bitmaps } = of.ring(row)!;
      return { total, tags, events, evidence, numbers, bitmaps };
    };
    expect(columns(other)).toEqual(columns(pool));
  }
});
