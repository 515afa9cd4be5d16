import { deserialize, serialize } from "node:v8";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Lane } from "../../src/detect/lane.ts";
import { savedRows, type SavedRow, type SavedRows } from "../../src/detect/saved-rows.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import {
  addingCounters,
  aLane,
  allFigures,
  laneEvents,
  lastLaneBucket,
  lastThree,
  observe,
} from "../support/a-lane.ts";

// Counting a batch in parts on several machines and merging gives the same as counting it whole.

const manyOrFew = { minLength: 0, maxLength: 40 };

describe.each([
  ["count, sum, max, distinct and quantile", addingCounters],
  ["all of them and last together", [...addingCounters, lastThree]],
  ["last alone", [lastThree]],
] as const)("%s", (_, counters) => {
  const counted = (events: readonly AccessEvent[]): Lane => {
    const lane = aLane(counters);
    for (const event of events) observe(lane, event);
    return lane;
  };

  test("two halves counted apart and merged give the whole", () => {
    fc.assert(
      fc.property(laneEvents(manyOrFew), laneEvents(manyOrFew), (one, other) => {
        const merged = counted(one);
        merged.merge(0, sent(counted(other)));
        expect(allFigures(merged)).toEqual(allFigures(counted([...one, ...other])));
      }),
      { numRuns: 300 },
    );
  });

  test("it doesn't matter which half takes in which, and in which order three parts come together", () => {
    fc.assert(
      fc.property(laneEvents(manyOrFew), laneEvents(manyOrFew), laneEvents(manyOrFew), (a, b, c) => {
        const left = counted(a);
        left.merge(0, sent(counted(b)));
        left.merge(0, sent(counted(c)));
        const right = counted(c);
        const inner = counted(b);
        inner.merge(0, sent(counted(a)));
        right.merge(0, sent(inner));
        expect(allFigures(left)).toEqual(allFigures(right));
        expect(sampleHashes(left)).toEqual(sampleHashes(right));
      }),
    );
  });
});

// helpers

function sampleHashes(lane: Lane): number[] {
  const found = lane.samples(0, lastLaneBucket).map(({ hash }) => hash);
  return found.sort((a, b) => a - b);
}

/** A row as another machine would receive it. */
function sent(lane: Lane): SavedRow {
  return [...savedRows(deserialize(serialize(lane.save([0]))) as SavedRows)][0]!;
}
