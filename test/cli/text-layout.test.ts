import { expect, test } from "vitest";
import { percent, table } from "../../src/cli/text-layout.ts";

test.for([
  [0, 0, "0 %"],
  [0, 7, "0 %"],
  [7, 7, "100 %"],
  [1, 3, "33.3 %"],
  [1, 1_000_000, "under 0.01 %"],
  [999_999, 1_000_000, "over 99.99 %"],
  [995, 1000, "99.50 %"],
] as const)("%i of %i is %s", ([part, whole, text]) => expect(percent(part, whole)).toBe(text));

test("columns begin below each other", () => {
  expect(table([["a", "bb", "c"], ["aaa", "b", "cc"], ["x"]])).toEqual(["a    bb  c", "aaa  b   cc", "x"]); // prettier-ignore
});
