import { describe, expect, test } from "vitest";
import { LaneJudges } from "../../src/detect/lane-judges.ts";

describe("the detectors of a lane", () => {
  const judges = new LaneJudges();
  judges.add(7, 3);
  judges.add(2, 300);

  test.for([
    [0, 0],
    [2, 0],
    [3, 0b01],
    [299, 0b01],
    [300, 0b11],
    [1_000_000, 0b11],
  ] as const)("%i events: those who may fire are %i", ([events, bits]) => {
    expect(judges.readyAt(events)).toBe(bits);
  });

  test("each has a bit, and others have none", () => {
    expect([judges.bitOf(7), judges.bitOf(2), judges.bitOf(3)]).toEqual([1, 2, 0]);
  });

  test("of a few events all are kept as samples, of hundreds some sixteen, chosen by their hash", () => {
    const hashes = Array.from({ length: 300 }, (_, i) => i);
    expect(hashes.filter((hash) => judges.keepsSample(0b01, hash))).toHaveLength(300);
    expect(hashes.filter((hash) => judges.keepsSample(0b10, hash))).toHaveLength(17);
    expect(hashes.filter((hash) => judges.keepsSample(0, hash))).toHaveLength(0);
  });

  test("whoever wants to see what comes near has rows looked at sooner, and keeps no more samples", () => {
    const watched = new LaneJudges();
    watched.add(0, 300);
    watched.lookFrom(0, 30);
    expect([watched.readyAt(29), watched.readyAt(30), watched.lowest]).toEqual([0, 1, 30]);
    expect(watched.keepsSample(1, 1)).toBe(false);
  });

  test("there are at most 31", () => {
    const full = new LaneJudges();
    for (let i = 0; i < 31; i++) full.add(i, 1);
    expect(() => full.add(31, 1)).toThrow("at most 31");
  });
});
