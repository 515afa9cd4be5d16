import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashed, hashKey } from "../../src/detect/hash.ts";
import { KeyTable } from "../../src/detect/key-table.ts";

const now = 1_787_000_000;
const hour = 3_600;

describe("as long as there is room", () => {
  test("it holds what a Map would", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 200 }), { maxLength: 400 }), (keys) => {
        const { table, claim } = aTable(4_096);
        const model = new Map<string, { row: number; touches: number }>();
        for (const key of keys) {
          const row = claim(`key ${key}`);
          const known = model.get(`key ${key}`);
          expect(row).toBe(known?.row ?? row);
          model.set(`key ${key}`, { row, touches: Math.min(255, (known?.touches ?? 0) + 1) });
        }
        expect(table.used).toBe(model.size);
        expect(table.evicted).toBe(0);
        for (const [key, { row, touches }] of model) {
          expect(find(table, key)).toBe(row);
          expect(table.touches[row]).toBe(touches);
        }
        expect(find(table, "never claimed")).toBe(-1);
      }),
    );
  });

  test("no two keys share a row", () => {
    const { claim } = aTable(65_536);
    const rows = Array.from({ length: 20_000 }, (_, i) => claim(`10.0.${i >> 8}.${i & 255}`));
    expect(new Set(rows).size).toBe(rows.length);
  });
});

describe("when it is full", () => {
  test("it never grows, and the key claimed last is always found", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 200, maxLength: 500 }), (keys) => {
        const { table, claim } = aTable(32);
        for (const key of keys) {
          const row = claim(`${key}`);
          expect(find(table, `${key}`)).toBe(row);
        }
        expect(table.capacity).toBe(32);
        expect(table.used).toBeLessThanOrEqual(32);
        expect(table.lo).toHaveLength(32);
      }),
    );
  });

  test("each key that gives way is counted, and its columns are cleared", () => {
    const { table, claim, evicted } = aTable(32);
    for (let i = 0; i < 500; i++) claim(`key ${i}`);
    expect(table.evicted).toBe(evicted.length);
    expect(table.evicted).toBe(500 - table.used);
  });

  test("a flood of keys that come once does not push out one that keeps coming", () => {
    const { table, claim } = aTable(32);
    for (let i = 0; i < 2_000; i++) {
      if (i % 10 === 0) claim("the attacker", { second: now + i });
      claim(`flood ${i}`, { second: now + i });
    }
    expect(find(table, "the attacker")).not.toBe(-1);
    expect(table.touches[find(table, "the attacker")]).toBe(200);
  });

  test("what came often stays for some minutes after it stopped, and not for ever", () => {
    const { table, claim } = aTable(32);
    for (let i = 0; i < 200; i++) claim("came often");
    for (let i = 0; i < 500; i++) claim(`flood ${i}`, { second: now + 60 });
    expect(find(table, "came often")).not.toBe(-1);
    for (let i = 0; i < 500; i++) claim(`later ${i}`, { second: now + hour });
    expect(find(table, "came often")).toBe(-1);
  });

  test("what is old gives way before what is new", () => {
    const { table, claim } = aTable(32);
    fill(claim, { second: now - hour }, table);
    const before = new Set(table.lo);
    for (let i = 0; i < 8; i++) claim(`new ${i}`);
    for (let i = 0; i < 8; i++) expect(find(table, `new ${i}`)).not.toBe(-1);
    expect([...before].filter((lo) => !table.lo.includes(lo)).length).toBeGreaterThan(0);
  });

  test("a pinned row goes last of all, however old it is", () => {
    const { table, claim, pinned } = aTable(32);
    const row = claim("an open episode", { second: now - 5 * hour });
    pinned.add(row);
    for (let i = 0; i < 1_000; i++) claim(`flood ${i}`, { second: now + i });
    expect(find(table, "an open episode")).toBe(row);
  });

  test("when every row is pinned one goes all the same: it is a table, not a list", () => {
    const { table, claim, pinned } = aTable(32);
    fill(claim, { second: now }, table);
    for (let row = 0; row < table.capacity; row++) pinned.add(row);
    expect(claim("one more")).toBe(find(table, "one more"));
  });

  test("an expired row is free: taking it is no eviction, but it is cleared", () => {
    const { table, claim, evicted } = aTable(32);
    fill(claim, { second: now - hour }, table);
    const before = table.evicted;
    const cleared = evicted.length;
    claim("new", { second: now, expired: now - 600 });
    expect(table.evicted).toBe(before);
    expect(evicted).toHaveLength(cleared + 1);
  });
});

test("live rows are those seen since; one that was saved comes back with its age", () => {
  const { table, claim } = aTable(64);
  claim("old", { second: now - hour });
  const row = claim("new");
  claim("new");
  expect(table.live(now - 60)).toEqual([row]);

  const again = aTable(64).table;
  hashKey("new");
  const restored = again.restore(hashed, { seen: table.seen[row]!, touches: table.touches[row]! });
  expect([find(again, "new"), again.seen[restored], again.touches[restored]]).toEqual([restored, now, 2]);
});

test("an event that comes late doesn't make its row look older", () => {
  const { table, claim } = aTable(64);
  const row = claim("key");
  claim("key", { second: now - 30 });
  expect(table.seen[row]).toBe(now);
});

// helpers

type Claim = (name: string, at?: { second?: number; expired?: number }) => number;

function aTable(capacity: number) {
  const evicted: number[] = [];
  const pinned = new Set<number>();
  const table = new KeyTable(capacity, { onEvict: (row) => evicted.push(row), isPinned: (row) => pinned.has(row) });
  const claim: Claim = (name, { second = now, expired = 0 } = {}) => {
    hashKey(name);
    return table.claim(hashed, second, expired);
  };
  return { table, claim, evicted, pinned };
}

function find(table: KeyTable, name: string): number {
  hashKey(name);
  return table.find(hashed.hi, hashed.lo);
}

/** Claims keys until every row is taken. */
function fill(claim: Claim, at: { second: number }, table: KeyTable): void {
  for (let i = 0; table.used < table.capacity; i++) claim(`filler ${i}`, at);
}
