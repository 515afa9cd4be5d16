import { deserialize, serialize } from "node:v8";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage, type SavedStage } from "../../src/detect/detect-stage.ts";
import { attackIds } from "../../src/simulate/attack-list.ts";
import { Random } from "../../src/simulate/random.ts";
import { shippedDetectors as detectors } from "../support/run-engine.ts";
import { readBack, simulated } from "../support/simulating.ts";
import { TestClock } from "../support/test-clock.ts";

// Tables so small that keys take each other's places all the time.
const config = { ...detectConfig.parse({}), clients: 64, firstSeenValues: 256 };
const { records } = simulated({ durationMs: 3_600_000, rate: 1, customers: 400, attacks: attackIds });
const { events } = readBack(records, "enriched");

test("a whole and the changes after it say what a whole would, whenever they are saved and whether they are written", () => {
  let most = 0;
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 20, max: 500 }), (seed, batch) => {
      const rnd = new Random(seed, "saving");
      const [one, twin] = [aStage(), aStage()];
      let chain: SavedStage[] = [];
      for (let from = 0; from < events.length; from += batch) {
        for (const stage of [one, twin]) count(stage, from, from + batch);
        if (rnd.chance(0.7)) continue;
        const saved = one.save(rnd.chance(0.9) ? "changes" : "whole");
        // What was not written is missing.
        if (rnd.chance(0.1)) continue;
        one.written(saved);
        chain = saved.extent === "whole" ? [copied(saved)] : [...chain, copied(saved)];
        most = Math.max(most, chain.length);
        if (rnd.chance(0.3)) expectSame(loaded(...chain), loaded(copied(twin.save())));
      }
    }),
    { numRuns: 4, seed: 7, endOnFailure: true },
  );
  expect(most).toBeGreaterThan(5);
}, 120_000);

// helpers

function aStage(): DetectStage {
  return new DetectStage({ detectors, config, clock: new TestClock(events.at(-1)!.time), onMuted: () => {} });
}

function count(stage: DetectStage, from: number, to: number): void {
  const some = events.slice(from, to);
  stage.engine.process({ partition: "p", events: some, takenAt: (i) => some[i]!.time });
}

function copied(saved: SavedStage): SavedStage {
  return deserialize(serialize(saved)) as SavedStage;
}

function expectSame(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

/** All that a stage knows that begins with what was saved, as plain data. */
function loaded(...saves: readonly SavedStage[]): unknown {
  const stage = aStage();
  stage.load(...saves);
  const { spaces, ...rest } = copied(stage.save());
  const inOrder = spaces.map(({ names: _names, lanes, ...space }) => ({
    ...space,
    lanes: lanes.map(({ unsealed, ...lane }) => ({ ...lane, unsealed: unsealed.toSorted((a, b) => a - b) })),
  }));
  return { ...rest, spaces: inOrder };
}
