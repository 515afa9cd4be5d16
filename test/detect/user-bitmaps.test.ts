import * as fc from "fast-check";
import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import { type SavedUsers, UserBitmaps } from "../../src/detect/user-bitmaps.ts";

const halfMs = 12 * 60 * 60_000;
const start = Date.UTC(2026, 7, 22, 9);
const first = Math.floor(start / halfMs);
const rows = 4;

/** In order of time, as far as the day: later ones drop what is older. */
const visits = fc
  .array(
    fc.record({
      row: fc.nat({ max: rows - 1 }),
      bit: fc.constantFrom(0, 1, 5, 31, 32, 63),
      half: fc.nat({ max: 5 }),
      forgets: fc.option(fc.nat({ max: rows - 1 }), { freq: 10 }),
    }),
    { maxLength: 60 },
  )
  .map((given) => given.map((visit, i) => ({ ...visit, half: Math.floor((visit.half + i) / 12) })));

/** The same by sets: of each row, the users of its newest half and of the one before. */
function plainly(given: readonly { row: number; bit: number; half: number; forgets: number | null }[]) {
  const users = Array.from({ length: rows }, () => new Map<number, Set<number>>());
  for (const { row, bit, half, forgets } of given) {
    if (forgets !== null) users[forgets]!.clear();
    const of = users[row]!;
    if (half < Math.max(half, ...of.keys()) - 1) continue;
    of.set(half, (of.get(half) ?? new Set()).add(bit));
    for (const old of of.keys()) if (old < half - 1) of.delete(old);
  }
  return users;
}

test("tells who was there in a half of a day, and how many in a day; the same after it was saved", () => {
  fc.assert(
    fc.property(visits, (given) => {
      const bitmaps = new UserBitmaps(rows);
      for (const { row, bit, half, forgets } of given) {
        if (forgets !== null) bitmaps.forget(forgets);
        bitmaps.add(row, bit, (first + half) * halfMs);
      }
      const loaded = new UserBitmaps(rows);
      const saved = deserialize(serialize(bitmaps.save([3, 1]))) as SavedUsers;
      [3, 1].forEach((row, place) => loaded.load(row, saved, place));
      plainly(given).forEach((of, row) => {
        const newest = Math.max(0, ...of.keys());
        for (const one of row === 1 || row === 3 ? [bitmaps, loaded] : [bitmaps]) {
          for (const half of [newest, newest - 1]) {
            for (let bit = 0; bit < 64; bit++)
              expect(one.has(row, bit, (first + half) * halfMs)).toBe(of.get(half)?.has(bit) ?? false);
          }
          const day = new Set([...of.values()].flatMap((bits) => [...bits]));
          expect(one.count(row, (first + newest) * halfMs)).toBe(Math.round(64 * Math.log(64 / (64 - day.size))));
        }
      });
    }),
  );
});

test("a user of the day before yesterday comes too late", () => {
  for (const bits of [[1], [1, 2]]) {
    const bitmaps = new UserBitmaps(1);
    for (const bit of bits) bitmaps.add(0, bit, start);
    expect(bitmaps.add(0, 3, start - halfMs)).toBe(true);
    expect(bitmaps.add(0, 3, start - 2 * halfMs)).toBe(false);
    expect(bitmaps.count(0, start)).toBe(bits.length + 1);
  }
});
