import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attackIds } from "../../src/simulate/attack-list.ts";
import { shippedDetectors } from "../support/run-engine.ts";
import { sealedOf } from "../support/run-tallies.ts";
import { anySpread, seenInTallies, seenWhole } from "../support/spread-tallies.ts";
import { readBack, simulated } from "../support/simulating.ts";

// A shop with attacks: however its requests are spread over source partitions, however far these are apart, and
// wherever their counts are cut into tallies, what is found is what one engine finds that sees every event.

const { records } = simulated({ durationMs: 5_400_000, rate: 1, customers: 200, attacks: attackIds });
const { events } = readBack(records, "enriched");
const detectors = shippedDetectors;
/** Long after: nothing is judged on change, which depends on when it is looked at. */
const later = events.at(-1)!.time + 86_400_000;

const whole = seenWhole({ detectors, events, later });

test("the shop is attacked, and one engine finds it", () => {
  expect(events.length).toBeGreaterThan(5_000);
  expect(new Set(whole.map(({ detector }) => detector)).size).toBeGreaterThan(20);
});

describe("sealed detections and counts are those of one engine", () => {
  test("however events are spread, cut and put together", () => {
    fc.assert(
      fc.property(anySpread, (spread) => {
        const { found, counted } = seenInTallies({ detectors, events, later }, spread);
        expect(sealedOf(found)).toEqual(sealedOf(whole));
        expect(counted).toBe(events.length);
      }),
      { numRuns: 3, seed: 42, endOnFailure: true },
    );
  }, 120_000);
});
