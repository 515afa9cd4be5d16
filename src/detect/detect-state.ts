import type { AccessEvent } from "../normalize/access-event.ts";
import type { SavedCoverage } from "./coverage.ts";
import type { DetectEngine } from "./detect-engine.ts";
import type { Detection } from "./detection.ts";
import { type DetectorSet, renumbered } from "./detector-sets.ts";
import type { SavedEpisode } from "./episodes.ts";
import type { SavedFirstSeen } from "./first-seen.ts";
import type { KeySpace } from "./key-space.ts";
import type { SavedPopulation } from "./population.ts";
import type { StretchBytes } from "./read-tally.ts";
import type { Sample } from "./sample.ts";
import type { SavedRings } from "./samples.ts";
import { loadLane, saveLane, type SavedLane } from "./saved-lane.ts";
import { picked } from "./picked.ts";
import type { SavedShedding } from "./shedding.ts";
import { definitionOf, type Slot } from "./slot.ts";
import type { SavedSuppressions } from "./suppressions.ts";
import type { SavedMemory, TrafficMemory } from "./traffic-memory.ts";
import type { SavedWatermark, Watermark } from "./watermark.ts";

/** The keys of one space, and what its lanes counted of them. */
interface SavedSpace {
  readonly dimensions: readonly string[];
  /** The keys' hashes, and by place the texts of those that something may be found about. */
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  readonly names: ReadonlyMap<number, string>;
  readonly seen: Uint32Array;
  readonly touches: Uint8Array;
  readonly lanes: readonly SavedLane[];
  /** What is usual, by detector, and of what. */
  readonly populations: readonly (readonly [detector: string, of: string, SavedPopulation])[];
}

/** Everything the detect stage knows, as plain data that `v8.serialize` takes. */
export interface SavedDetect {
  readonly watermark: SavedWatermark;
  readonly sealedUntil: number;
  readonly judgedUntil: number;
  readonly memory: SavedMemory;
  /** Ids in the order of the numbers that samples name. */
  readonly detectors: readonly string[];
  /** Of quiet rows. */
  readonly samples: SavedRings;
  readonly spaces: readonly SavedSpace[];
  readonly episodes: readonly SavedEpisode[];
  readonly coverage: SavedCoverage;
  readonly suppressions: SavedSuppressions;
  readonly late: number;
  /** What was left out of counting, if anything may be. */
  readonly shed?: SavedShedding | undefined;
  /** When values were first seen; absent when nothing asks for it. */
  readonly firsts: SavedFirstSeen | undefined;
  /** Events that ran ahead, and are not counted yet. */
  readonly held: readonly AccessEvent[];
  /** The same of what was counted elsewhere; missing in what a version without it saved. */
  readonly heldTallies?: readonly StretchBytes[];
}

export interface DetectParts {
  readonly engine: DetectEngine;
  readonly watermark: Watermark;
  readonly memory: TrafficMemory;
}

export function saveDetect({ engine, watermark, memory }: DetectParts): SavedDetect {
  return {
    watermark: watermark.save(),
    sealedUntil: engine.sealedUntil,
    judgedUntil: engine.judging.judgedUntil,
    memory: memory.save(),
    detectors: idsOf(engine),
    samples: engine.samples.save(),
    spaces: engine.spaces.map((space) => saveSpace(space, engine)),
    episodes: engine.episodes.save(),
    coverage: engine.coverage.save(),
    suppressions: engine.judging.suppressions.save(),
    late: engine.late,
    shed: engine.shedding?.save(),
    firsts: engine.firsts?.save(),
    held: engine.held.save(),
    heldTallies: engine.heldTallies.save(),
  };
}

/**
 * Puts back what was saved. Counters that have changed since begin anew, the others go on. Returns
 * the detections of detectors that are gone, closed.
 */
export function loadDetect({ engine, watermark, memory }: DetectParts, saved: SavedDetect): Detection[] {
  watermark.load(saved.watermark);
  memory.load(saved.memory);
  const now = idsOf(engine);
  const to = saved.detectors.map((id) => now.indexOf(id));
  const isAsBefore = saved.detectors.join() === now.join();
  const setOf = (set: DetectorSet) => (isAsBefore ? set : renumbered(set, to));
  const sampleOf = sampleMover(setOf);
  engine.samples.load(saved.samples, setOf);
  for (const space of engine.spaces) {
    const known = saved.spaces.find(({ dimensions }) => dimensions.join() === space.dimensions.join());
    if (!known) continue;
    const rows = Array.from(known.lo, (lo, i) =>
      space.restore(
        { hi: known.hi[i]!, lo, name: known.names.get(i) },
        { seen: known.seen[i]!, touches: known.touches[i]! },
      ),
    );
    for (const { space: own, active, population } of engine.bound) {
      if (own !== space || !population) continue;
      const of = definitionOf(population.counter.slot);
      const usual = known.populations.find(([id, was]) => id === active.definition.id && was === of);
      if (usual) population.usual.load(usual[2], rows);
    }
    for (const lane of space.lanes) {
      const filled = new Set<Slot>();
      // Another list of detectors may have them spread over other lanes.
      const before = known.lanes.filter((old) => old.windowMs === lane.windowMs && old.bucketMs === lane.bucketMs);
      for (const one of before) loadLane(lane, one, { rows, sampleOf, ids: now, filled });
      lane.restoreUnsealed(before.flatMap(({ unsealed }) => unsealed));
    }
  }
  engine.late = saved.late;
  if (saved.shed) engine.shedding?.load(saved.shed);
  if (saved.firsts) engine.firsts?.merge(saved.firsts);
  engine.held.load(saved.held);
  engine.heldTallies.load(saved.heldTallies ?? []);
  engine.coverage.load(saved.coverage);
  engine.judging.suppressions.load(saved.suppressions);
  engine.restoreSealed(saved.sealedUntil, saved.judgedUntil);
  return engine.episodes.load(saved.episodes, engine.bound);
}

// helpers

function idsOf(engine: DetectEngine): string[] {
  return engine.bound.map(({ active }) => active.definition.id);
}

/** Rows that no window to be sealed holds any more are left out. */
function saveSpace(space: KeySpace, { judging, bound }: DetectEngine): SavedSpace {
  const { table } = space;
  const rows = table.live(Math.floor((judging.judgedUntil - space.keepMs) / 1000));
  const compared = bound.filter((detector) => detector.space === space && detector.population);
  const ids = bound.map(({ active }) => active.definition.id);
  const names = new Map<number, string>();
  rows.forEach((row, place) => {
    const name = space.names.get(row);
    if (name !== undefined) names.set(place, name);
  });
  return {
    dimensions: space.dimensions,
    hi: picked(table.hi, rows),
    lo: picked(table.lo, rows),
    names,
    seen: picked(table.seen, rows),
    touches: picked(table.touches, rows),
    lanes: space.lanes.map((lane) => saveLane(lane, rows, ids)),
    populations: compared.map(
      ({ active, population }) =>
        [active.definition.id, definitionOf(population!.counter.slot), population!.usual.save(rows)] as const,
    ),
  };
}

/** Samples say whose evidence they are; a sample that several rows share stays one. */
function sampleMover(setOf: (set: DetectorSet) => DetectorSet): (sample: Sample) => Sample {
  const moved = new Map<Sample, Sample>();
  return (sample) => {
    const detectors = setOf(sample.detectors);
    if (detectors === sample.detectors) return sample;
    const fresh = moved.get(sample) ?? { ...sample, detectors };
    moved.set(sample, fresh);
    return fresh;
  };
}
