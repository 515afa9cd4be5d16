import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HotRows } from "../../src/detect/hot-rows.ts";
import { KeyNames } from "../../src/detect/key-names.ts";

const rows = 6;
const row = fc.nat({ max: rows - 1 });
const ascending = (a: number, b: number) => a - b;

test("rows are hot until the last of their buckets is sealed, as in a map", () => {
  const step = fc.record({ does: fc.constantFrom("set", "set", "delete", "seal"), row, bucket: fc.nat({ max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const hot = new HotRows(rows);
      const plain = new Map<number, number>();
      const told: number[] = [];
      const expected: number[] = [];
      for (const one of steps) {
        if (one.does === "set") {
          hot.set(one.row, one.bucket);
          plain.set(one.row, one.bucket);
        } else if (one.does === "delete") {
          hot.delete(one.row);
          plain.delete(one.row);
        } else {
          hot.sealed(one.bucket, (cooled) => told.push(cooled));
          for (const [known, last] of plain) if (last <= one.bucket && plain.delete(known)) expected.push(known);
        }
        expect(hot.size).toBe(plain.size);
        expect([...hot.keys()].sort(ascending)).toEqual([...plain.keys()].sort(ascending));
        expect(hot.has(one.row)).toBe(plain.has(one.row));
        expect(told.toSorted(ascending)).toEqual(expected.toSorted(ascending));
      }
    }),
  );
});

test("names are those that were set last, as in a map", () => {
  const step = fc.record({ sets: fc.boolean(), row, name: fc.string() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const names = new KeyNames(rows);
      const plain = new Map<number, string>();
      for (const one of steps) {
        for (const map of [names, plain]) {
          if (one.sets) map.set(one.row, one.name);
          else map.delete(one.row);
        }
        expect(names.size).toBe(plain.size);
        for (let at = 0; at < rows; at++)
          expect([names.has(at), names.get(at)]).toEqual([plain.has(at), plain.get(at)]);
      }
    }),
  );
});
