import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage } from "../../src/detect/detect-stage.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { attackIds } from "../../src/simulate/attack-list.ts";
import { Random } from "../../src/simulate/random.ts";
import { shippedDetectors } from "../support/run-engine.ts";
import { sealedOf, tallySystem } from "../support/run-tallies.ts";
import { readBack, simulated } from "../support/simulating.ts";
import { TestClock } from "../support/test-clock.ts";

// A shop with attacks: however its requests are spread over source partitions, however far these are apart, and
// wherever their counts are cut into tallies, what is found is what one engine finds that sees every event.

const { records } = simulated({ durationMs: 7_200_000, rate: 1.5, customers: 200, attacks: attackIds });
const { events } = readBack(records, "enriched");
const detectors = shippedDetectors;
/** Long after: nothing is judged on change, which depends on when it is looked at. */
const later = events.at(-1)!.time + 86_400_000;
const clients = 4096;

const whole = seenWhole();

test("the shop is attacked, and one engine finds it", () => {
  expect(events.length).toBeGreaterThan(5_000);
  expect(new Set(whole.found.map(({ detector }) => detector)).size).toBeGreaterThan(20);
});

describe("sealed detections and counts are those of one engine", () => {
  test("however events are spread, cut and put together", () => {
    const plan = fc.record({
      seed: fc.integer(),
      partitions: fc.integer({ min: 1, max: 4 }),
      parts: fc.integer({ min: 1, max: 4 }),
      /** How far a partition may be ahead of the one furthest behind. */
      apartMs: fc.constantFrom(0, 5_000, 30_000, 240_000),
      batch: fc.integer({ min: 1, max: 400 }),
      flushes: fc.double({ min: 0.1, max: 1, noNaN: true }),
      restarts: fc.constantFrom(0, 0.02),
    });
    fc.assert(
      fc.property(plan, (how) => {
        const { found, counted } = seenInTallies(how);
        expect(sealedOf(found)).toEqual(sealedOf(whole.found));
        expect(counted).toBe(events.length);
      }),
      { numRuns: 5, seed: 42 },
    );
  }, 120_000);
});

// helpers

function seenWhole(): { found: readonly Detection[] } {
  const config = detectConfig.parse({ clients, firstSeenValues: 4096 });
  const stage = new DetectStage({ detectors, config, clock: new TestClock(later), onMuted: () => {} });
  const found = stage.engine.process({ partition: "whole", events, takenAt: (i) => events[i]!.time });
  return { found: [...found, ...stage.finish()] };
}

interface Plan {
  readonly seed: number;
  readonly partitions: number;
  readonly parts: number;
  readonly apartMs: number;
  readonly batch: number;
  readonly flushes: number;
  readonly restarts: number;
}

function seenInTallies(plan: Plan): { found: readonly Detection[]; counted: number } {
  const rnd = new Random(plan.seed, "tallies");
  const names = Array.from({ length: plan.partitions }, (_, i) => `p${i}`);
  const left = new Map(names.map((name) => [name, [] as AccessEvent[]]));
  for (const event of events) left.get(names[rnd.below(names.length)]!)!.push(event);
  const system = tallySystem({ detectors, partitions: names, parts: plan.parts, clients, clock: new TestClock(later) });
  const at = new Map(names.map((name) => [name, 0]));
  const found: Detection[] = [];
  const timeOf = (name: string) => left.get(name)![at.get(name)!]?.time ?? Infinity;
  for (let open = names; open.length > 0; open = names.filter((name) => timeOf(name) < Infinity)) {
    const behind = Math.min(...open.map(timeOf));
    const near = open.filter((name) => timeOf(name) <= behind + plan.apartMs);
    const name = near[rnd.below(near.length)]!;
    const from = at.get(name)!;
    const some = left.get(name)!.slice(from, from + 1 + rnd.below(plan.batch));
    system.add(name, some.filter(({ time }) => time <= behind + plan.apartMs + 10_000)); // prettier-ignore
    at.set(name, from + some.filter(({ time }) => time <= behind + plan.apartMs + 10_000).length);
    if (rnd.chance(plan.flushes)) found.push(...system.flush(name));
    if (rnd.chance(plan.restarts)) system.restart();
  }
  for (const name of names) found.push(...system.flush(name));
  return { found: [...found, ...system.finish()], counted: system.counted };
}
