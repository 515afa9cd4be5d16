import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createWallClock } from "../../src/normalize/time-zone.ts";

const utc = (text: string) => Date.parse(`${text}Z`);
const never = Number.MAX_SAFE_INTEGER;

describe("createWallClock", () => {
  test.for([
    ["summer time", "Europe/Berlin", "2026-08-22T11:14:07.412", "2026-08-22T09:14:07.412"],
    ["winter time", "Europe/Berlin", "2026-01-22T10:14:07.412", "2026-01-22T09:14:07.412"],
    ["west of Greenwich", "America/New_York", "2026-08-22T05:14:07", "2026-08-22T09:14:07"],
    ["half an hour", "Asia/Kolkata", "2026-08-22T14:44:07", "2026-08-22T09:14:07"],
    ["the last day of a year", "Pacific/Auckland", "2027-01-01T00:30:00", "2026-12-31T11:30:00"],
    ["an offset", "+02:00", "2026-08-22T11:14:07", "2026-08-22T09:14:07"],
    ["UTC", "UTC", "2026-08-22T09:14:07", "2026-08-22T09:14:07"],
    ["just before summer time", "Europe/Berlin", "2026-03-29T01:59:59.999", "2026-03-29T00:59:59.999"],
    ["just after it began", "Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00"],
    ["the hour that is left out", "Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00"],
    ["before the hour that comes twice", "Europe/Berlin", "2026-10-25T01:59:59", "2026-10-24T23:59:59"],
    ["the hour that comes twice", "Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T01:30:00"],
    ["after it", "Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00"],
    ["half an hour that comes twice", "Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T15:15:00"],
    ["in the south", "America/Santiago", "2026-04-04T23:30:00", "2026-04-05T03:30:00"],
  ] as const)("%s", ([, zone, wall, expected]) => {
    expect(new Date(createWallClock(zone)(utc(wall), never)).toISOString()).toBe(new Date(utc(expected)).toISOString());
  });

  test("in the hour that comes twice, it is no time that had not come when the record arrived", () => {
    const clock = createWallClock("Europe/Berlin");
    const wall = utc("2026-10-25T02:30:00");
    expect(clock(wall, utc("2026-10-25T00:30:01"))).toBe(utc("2026-10-25T00:30:00"));
    expect(clock(wall, utc("2026-10-25T01:30:00"))).toBe(utc("2026-10-25T01:30:00"));
  });

  test.for(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"])(
    "%s: what the clock showed at any time is read back as that time",
    (timeZone) => {
      const clock = createWallClock(timeZone);
      const shown = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
      const seconds = fc.integer({ min: utc("2001-01-01T00:00:00") / 1000, max: utc("2037-01-01T00:00:00") / 1000 });
      fc.assert(
        fc.property(seconds, (second) => {
          const time = second * 1000;
          expect(clock(utc(shown.format(time).replace(" ", "T")), time)).toBe(time);
        }),
        { numRuns: 500 },
      );
    },
  );

  test("a zone that does not exist", () => {
    expect(() => createWallClock("Europe/Atlantis")).toThrow(RangeError);
  });
});
