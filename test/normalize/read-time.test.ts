import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readClf, readEpochSeconds, readRfc3339, readTime } from "../../src/normalize/read-time.ts";

const noon = Date.UTC(2026, 7, 22, 12, 0, 0);

describe("RFC 3339", () => {
  test.for([
    ["Z", "2026-08-22T12:00:00Z", noon],
    ["milliseconds", "2026-08-22T12:00:00.412Z", noon + 412],
    ["nanoseconds", "2026-08-22T12:00:00.412999999Z", noon + 412],
    ["one digit", "2026-08-22T12:00:00.4Z", noon + 400],
    ["an offset", "2026-08-22T14:00:00.000+02:00", noon],
    ["an offset to the west", "2026-08-22 06:30:00-0530", noon],
    ["a leap day", "2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
  ] as const)("%s", ([, text, ms]) => {
    expect(readRfc3339(text)).toBe(ms);
  });

  test.for([
    ["no zone", "2026-08-22T12:00:00"],
    ["no zone, with digits", "2026-08-22T12:00:00.000"],
    ["no leap day", "2026-02-29T00:00:00Z"],
    ["the 13th month", "2026-13-01T00:00:00Z"],
    ["25 o'clock", "2026-08-22T25:00:00Z"],
    ["a dot too many", "2026-08-22T12:00:00.Z"],
    ["more after the zone", "2026-08-22T12:00:00Zulu"],
    ["a word", "yesterday, at about noon"],
    ["a number", 12],
  ] as const)("not: %s", ([, text]) => {
    expect(readRfc3339(text)).toBeNaN();
  });

  test("one second after another is told apart from the one before", () => {
    const texts = [
      "2026-08-22T12:00:00.1Z",
      "2026-08-22T12:00:00.2+00:01",
      "2026-08-23T12:00:00.3Z",
      "2026-08-22T12:00:01Z",
    ];
    expect(texts.map(readRfc3339)).toEqual([noon + 100, noon - 59_800, noon + 86_400_300, noon + 1000]);
    expect(["2026-02-30T12:00:00Z", "2026-02-30T12:00:00Z"].map(readRfc3339)).toEqual([Number.NaN, Number.NaN]);
  });

  test("reads every date as the language itself does", () => {
    const date = fc.date({ min: new Date(0), max: new Date(4102444799999), noInvalidDate: true });
    fc.assert(
      fc.property(date, (date) => {
        expect(readRfc3339(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});

test.for([
  ["UTC", "22/Aug/2026:12:00:00 +0000", noon],
  ["with an offset", "22/Aug/2026:14:00:00 +0200", noon],
  ["no such month", "22/Aux/2026:12:00:00 +0000", Number.NaN],
  ["cut short", "22/Aug/2026:12:00:00", Number.NaN],
  ["missing", "-", undefined],
] as const)("common log format: %s", ([, text, ms]) => {
  expect(readClf(text)).toBe(ms);
});

test.for([
  ["as nginx writes it", "1787390047.466", 1787390047466],
  ["whole", "1787390047", 1787390047000],
  ["a number", 1787390047.466, 1787390047466],
  ["hexadecimal", "0x6a89", Number.NaN],
  ["fourteen characters that are none", "1787390047.4x6", Number.NaN],
  ["a space ahead", " 787390047.466", Number.NaN],
  ["an object", {}, Number.NaN],
  ["missing", "", undefined],
] as const)("epoch seconds: %s", ([, value, ms]) => {
  expect(readEpochSeconds(value)).toBe(ms);
});

test.for([
  ["seconds", 1787400000, undefined, 1787400000000],
  ["milliseconds", 1787400000123, undefined, 1787400000123],
  ["microseconds", 1787400000123456, undefined, 1787400000123],
  ["nanoseconds", 1787400000123e6, undefined, 1787400000123],
  ["nanoseconds as text", "1787400000123456789", undefined, 1787400000123],
  ["nanoseconds of a whole millisecond, which a number can't hold", 1787390047466000000, undefined, 1787390047466],
  ["nanoseconds as text, in their unit", "1787400000123999999", "ns", 1787400000123],
  ["nineteen characters that are none", "17874000001239x9999", "ns", Number.NaN],
  ["microseconds in their unit", "1787400000123999", "us", 1787400000123],
  ["a date", "2026-08-22T12:00:00Z", undefined, noon],
  ["the common log format", "22/Aug/2026:12:00:00 +0000", undefined, noon],
  ["the common log format, to the west", "22/Aug/2026:07:00:00 -0500", undefined, noon],
  ["the noise of a float", 1787390047411.9998, "ms", 1787390047412],
  ["a stated unit, whatever the size", 1787400000, "ms", 1787400000],
] as const)("a time by its shape and size: %s", ([, value, unit, ms]) => {
  expect(readTime(value, unit)).toBe(ms);
});
