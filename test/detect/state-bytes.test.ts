import { anything, assert, asyncProperty, constantFrom, dictionary, oneof, string } from "fast-check";
import { expect, test } from "vitest";
import { readState, stateInPieces } from "../../src/detect/state-bytes.ts";

const written = async (state: object) => Buffer.concat(await Array.fromAsync(stateInPieces(state)));
const there = async (state: object) => readState(await written(state));

test("what is written is read again, whatever it is", async () => {
  const key = oneof(string(), constantFrom("value", "keys", "list", "mapIn", "listIn"));
  const state = dictionary(key, anything({ withMap: true, withSet: true, withTypedArray: true, withBigInt: true, withNullPrototype: false })); // prettier-ignore
  await assert(
    asyncProperty(state, async (one) => {
      expect(await there(one)).toEqual(structuredClone(one));
    }),
  );
});

test("large lists, maps and arrays come back whole", async () => {
  const state = {
    spaces: [{ names: new Map(Array.from({ length: 20_001 }, (_, i) => [i, `user ${i}`])), rows: new Uint32Array(300_000).fill(7) }],
    episodes: Array.from({ length: 1_234 }, (_, i) => ({ i, of: [i], more: undefined })),
    lists: [[1, [2, [3]]], []],
  }; // prettier-ignore
  expect(await there(state)).toEqual(state);
});

test("what several parts share is one object afterwards, too", async () => {
  const sample = { time: 1, event: { path: "/login" } };
  const many = () => new Map(Array.from({ length: 3_000 }, (_, i) => [i, sample]));
  const read = (await there({ lanes: [{ samples: many() }, { samples: many() }], first: [[[[[[[[sample]]]]]]]] })) as {
    lanes: { samples: Map<number, object> }[];
  };
  const found = new Set(read.lanes.flatMap(({ samples }) => [...samples.values()]));
  expect(found.size).toBe(1);
  expect([...found][0]).toEqual(sample);
});

test("others have their turn while it is written", async () => {
  let turns = 0;
  let writing = true;
  const count = () => void (writing && (turns++, setImmediate(count)));
  count();
  const map = new Map(Array.from({ length: 10_000 }, (_, i) => [i, { text: `sample ${i}` }]));
  await written({ map });
  writing = false;
  expect(turns).toBeGreaterThanOrEqual(20);
});

test("bytes that are cut short are refused", async () => {
  const bytes = await written({ list: [1, 2, 3], name: "x" });
  expect(() => readState(bytes.subarray(0, bytes.length - 3))).toThrow(/deserialize|read/i);
});

test("no piece holds much more than the largest array does", async () => {
  const arrays = Array.from({ length: 40 }, () => new Uint32Array(300_000).fill(7));
  const pieces = await Array.fromAsync(stateInPieces({ arrays }), ({ length }) => length);
  expect(Math.max(...pieces)).toBeLessThan(2 * arrays[0]!.byteLength);
});
