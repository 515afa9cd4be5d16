import * as fc from "fast-check";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage } from "../../src/detect/detect-stage.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { ActiveDetector } from "../../src/detect/plan.ts";
import { Random } from "../../src/simulate/random.ts";
import { tallySystem } from "./run-tallies.ts";
import { TestClock } from "./test-clock.ts";

const clients = 4096;

/** Events in order of time, and a time long after them: then nothing is judged on change. */
export interface Watched {
  readonly detectors: readonly ActiveDetector[];
  readonly events: readonly AccessEvent[];
  readonly later: number;
}

/** How events come to be counted. */
export interface Spread {
  readonly seed: number;
  /** Source partitions, and parts of the keys. */
  readonly partitions: number;
  readonly parts: number;
  /** How far a partition may be ahead of the one furthest behind. */
  readonly apartMs: number;
  /** The most events that are counted at once, how likely a tally is taken then, and all parts begin anew. */
  readonly batch: number;
  readonly flushes: number;
  readonly restarts: number;
}

export const anySpread: fc.Arbitrary<Spread> = fc.record({
  seed: fc.integer(),
  partitions: fc.integer({ min: 1, max: 4 }),
  parts: fc.integer({ min: 1, max: 4 }),
  apartMs: fc.constantFrom(0, 5_000, 30_000, 240_000),
  batch: fc.integer({ min: 20, max: 600 }),
  flushes: fc.double({ min: 0.1, max: 1, noNaN: true }),
  restarts: fc.constantFrom(0, 0.01),
});

/** What one engine detects that sees every event. */
export function seenWhole({ detectors, events, later }: Watched): readonly Detection[] {
  const config = detectConfig.parse({ clients, firstSeenValues: 4096 });
  const stage = new DetectStage({ detectors, config, clock: new TestClock(later), onMuted: () => {} });
  const found = stage.engine.process({ partition: "whole", events, takenAt: (i) => events[i]!.time });
  return [...found, ...stage.finish()];
}

/** What is detected when events are spread over partitions, and their counts cut into tallies; and how many were counted. */
export function seenInTallies({ detectors, events, later }: Watched, spread: Spread) {
  const rnd = new Random(spread.seed, "tallies");
  const names = Array.from({ length: spread.partitions }, (_, i) => `p${i}`);
  const left = new Map(names.map((name) => [name, [] as AccessEvent[]]));
  for (const event of events) left.get(names[rnd.below(names.length)]!)!.push(event);
  const clock = new TestClock(later);
  const system = tallySystem({ detectors, partitions: names, parts: spread.parts, clients, clock });
  const at = new Map(names.map((name) => [name, 0]));
  const found: Detection[] = [];
  const timeOf = (name: string) => left.get(name)![at.get(name)!]?.time ?? Infinity;
  for (let open = names; open.length > 0; open = names.filter((name) => timeOf(name) < Infinity)) {
    const furthest = Math.min(...open.map(timeOf)) + spread.apartMs;
    const near = open.filter((name) => timeOf(name) <= furthest);
    const name = near[rnd.below(near.length)]!;
    const from = at.get(name)!;
    const some = left.get(name)!.slice(from, from + 1 + rnd.below(spread.batch));
    const batch = some.filter(({ time }) => time <= furthest + 10_000);
    system.add(name, batch);
    at.set(name, from + batch.length);
    if (rnd.chance(spread.flushes)) found.push(...system.flush(name));
    if (rnd.chance(spread.restarts)) system.restart();
    else if (rnd.chance(spread.restarts * 5)) system.save();
  }
  for (const name of names) found.push(...system.flush(name));
  return { found: [...found, ...system.finish()], counted: system.counted };
}
