import { describe, expect, test } from "vitest";
import {
  areFewEach,
  beyondUsual,
  failedShare,
  fewestOf,
  calmestOf,
  timesUsual,
  usualOdds,
  without,
} from "../../src/detect/failed-share.ts";

const of = (failures: number, attempts: number) => ({ failures, attempts });
const known = (value: number) => ({ known: true, value });
const unknown = { known: false, value: 0 };

test.for([
  ["a part is taken out of the whole", of(30, 300), of(10, 50), of(20, 250)],
  ["a part that is not in the whole yet takes out no more than there is", of(5, 20), of(10, 50), of(0, 0)],
  ["failures are never more than attempts", of(30, 40), of(5, 20), of(20, 20)],
] as const)("without: %s", ([, whole, part, left]) => {
  expect(without(whole, part)).toEqual(left);
});

test("the failed share of nothing is 0", () => {
  expect([failedShare(of(0, 0)), failedShare(of(1, 4))]).toEqual([0, 0.25]);
});

test.for([
  [
    "the calmest of three: neither an attack of this hour nor one of yesterday",
    [of(60, 100), of(20, 100), of(30, 100)],
    of(20, 100),
  ],
  ["too few attempts don't count", [of(0, 99), of(30, 100)], of(30, 100)],
  ["nothing is known yet", [of(1, 5)], undefined],
] as const)("usual is %s", ([, stretches, expected]) => {
  expect(calmestOf(stretches, 100)).toEqual(expected);
});

describe("odds", () => {
  test.for([
    ["one in ten fails, as ever", of(10, 100), of(100, 1000), 1],
    ["every second fails, where one in ten did", of(50, 100), of(100, 1000), 9],
    ["a site that never fails counts as one where some mistype", of(10, 100), of(0, 1000), 2.1],
    ["all fail: no division by zero", of(100, 100), of(100, 1000), 900],
    ["all failed before, too", of(100, 100), of(1000, 1000), 5.3],
  ] as const)("%s", ([, now, usual, times]) => {
    expect(timesUsual(now, usualOdds(usual, 0.05)) / times).toBeCloseTo(1, 1);
  });
});

describe("who fails", () => {
  test.for([
    ["few each", 10, known(5), true],
    ["many each", 26, known(5), false],
    ["who it was is not known", 1000, unknown, true],
    ["too many to tell apart", 9000, known(1200), true],
  ] as const)("at most five each: %s", ([, failures, who, answer]) => {
    expect(areFewEach(failures, who, 5)).toBe(answer);
  });

  test("those who always fail are left out, unless there are too many to tell apart", () => {
    expect(beyondUsual(known(10), 6)).toEqual(known(6));
    expect(beyondUsual(known(2), 6)).toEqual(known(0));
    expect(beyondUsual(known(1200), 900)).toEqual(known(1200));
    expect(beyondUsual(unknown, 3)).toEqual(unknown);
  });

  test("of too many to tell apart the failures tell how many there were at least", () => {
    expect([fewestOf(100, known(40), 5), fewestOf(20_000, known(1200), 5)]).toEqual([40, 4000]);
  });
});
