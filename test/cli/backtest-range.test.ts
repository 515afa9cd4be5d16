import { expect, test } from "vitest";
import { readOffsets, readTimeRange } from "../../src/cli/backtest-range.ts";

const now = Date.UTC(2026, 7, 23, 9, 0, 0);

test.for<[from: string | undefined, to: string | undefined, expected: [string | undefined, string | undefined]]>([
  ["2h", undefined, ["2026-08-23T07:00:00.000Z", undefined]],
  ["1d", "90m", ["2026-08-22T09:00:00.000Z", "2026-08-23T07:30:00.000Z"]],
  ["2026-08-22", "2026-08-23", ["2026-08-22T00:00:00.000Z", "2026-08-23T00:00:00.000Z"]],
  ["2026-08-22T09:00", undefined, ["2026-08-22T09:00:00.000Z", undefined]],
  ["2026-08-22T09:00Z", undefined, ["2026-08-22T09:00:00.000Z", undefined]],
  ["2026-08-22T09:00:30+02:00", undefined, ["2026-08-22T07:00:30.000Z", undefined]],
  [undefined, undefined, [undefined, undefined]],
])("from %s to %s", ([from, to, expected]) => {
  const range = readTimeRange({ from, to }, now);
  expect([range.from, range.to].map((time) => time && new Date(time).toISOString())).toEqual(expected);
});

test.for(["yesterday", "12", "2026-13-40", "09:00", "-2h"])("%s is no moment", (from) => {
  expect(() => readTimeRange({ from, to: undefined }, now)).toThrow(`--from is no moment: ${from}.`);
});

test.for<[string, [number | undefined, number, number | undefined][]]>([
  ["1000-2000", [[undefined, 1000, 2000]]],
  ["5-", [[undefined, 5, undefined]]],
  ["0:1000-2000, 1:500-", [[0, 1000, 2000], [1, 500, undefined]]],
])("offsets %s", ([text, expected]) => {
  expect(readOffsets(text).map(({ partition, from, to }) => [partition, from, to])).toEqual(expected);
}); // prettier-ignore

test.for(["", "7", "-7", "9-3", "a:1-2", "1:1-2;2:1-2"])("%s are no offsets", (text) => {
  expect(() => readOffsets(text)).toThrow("FROM-TO");
});
