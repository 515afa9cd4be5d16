import type { AccessEvent } from "../normalize/access-event.ts";
import type { SavedCoverage } from "./coverage.ts";
import type { DetectEngine } from "./detect-engine.ts";
import type { Detection } from "./detection.ts";
import { type DetectorSet, renumbered } from "./detector-sets.ts";
import type { SavedEpisode } from "./episodes.ts";
import type { SavedFirstSeen } from "./first-seen.ts";
import type { KeySpace } from "./key-space.ts";
import type { Lane } from "./lane.ts";
import type { SavedPopulation } from "./population.ts";
import type { StretchBytes } from "./read-tally.ts";
import type { Sample } from "./sample.ts";
import type { SavedRings } from "./samples.ts";
import { loadLane, saveLane, type SavedLane } from "./saved-lane.ts";
import type { SaveExtent } from "./save-extent.ts";
import { restoreKeys, rowsToSave, type SavedKeys, saveKeys } from "./saved-keys.ts";
import type { SavedShedding } from "./shedding.ts";
import { definitionOf, type Slot } from "./slot.ts";
import type { SavedSuppressions } from "./suppressions.ts";
import type { SavedMemory, TrafficMemory } from "./traffic-memory.ts";
import type { SavedWatermark, Watermark } from "./watermark.ts";

/** The keys of one space, and what its lanes counted of them. */
interface SavedSpace extends SavedKeys {
  readonly dimensions: readonly string[];
  /** By place the texts of those that something may be found about. */
  readonly names: ReadonlyMap<number, string>;
  readonly lanes: readonly SavedLane[];
  /** What is usual, by detector, and of what. */
  readonly populations: readonly (readonly [detector: string, of: string, SavedPopulation])[];
}

/**
 * What the detect stage knows, as plain data that `v8.serialize` takes. Of changes alone it is no whole: those of rows,
 * of the memory of traffic, of first times and of samples belong to what was saved before.
 */
export interface SavedDetect {
  readonly extent: SaveExtent;
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

/** `changes`: since it was saved last, in whatever extent. */
export function saveDetect({ engine, watermark, memory }: DetectParts, extent: SaveExtent = "whole"): SavedDetect {
  return {
    extent,
    watermark: watermark.save(),
    sealedUntil: engine.sealedUntil,
    judgedUntil: engine.judging.judgedUntil,
    memory: memory.save(extent),
    detectors: idsOf(engine),
    samples: engine.samples.save(extent),
    spaces: engine.spaces.map((space) => saveSpace(space, engine, extent)),
    episodes: engine.episodes.save(),
    coverage: engine.coverage.save(),
    suppressions: engine.judging.suppressions.save(),
    late: engine.late,
    shed: engine.shedding?.save(),
    firsts: engine.firsts?.save(extent),
    held: engine.held.save(),
    heldTallies: engine.heldTallies.save(),
  };
}

/**
 * Puts back what was saved: whole first, then in changes. Counters that have changed since begin anew, the others go
 * on. Returns the detections of detectors that are gone, closed.
 */
export function loadDetect({ engine, watermark, memory }: DetectParts, ...saves: readonly SavedDetect[]): Detection[] {
  const saved = saves.at(-1)!;
  watermark.load(saved.watermark);
  memory.load(...saves.map((one) => one.memory));
  const now = idsOf(engine);
  const to = saved.detectors.map((id) => now.indexOf(id));
  const isAsBefore = saved.detectors.join() === now.join();
  const setOf = (set: DetectorSet) => (isAsBefore ? set : renumbered(set, to));
  const samples = saves.map((one) => one.samples);
  engine.samples.load(saved.samples, setOf, samples.slice(0, -1));
  for (const space of engine.spaces) {
    const name = space.dimensions.join();
    const known = saves.flatMap(({ spaces }) => spaces.find(({ dimensions }) => dimensions.join() === name) ?? []);
    if (known.length > 0)
      loadSpace(space, known, { engine, judgedUntil: saved.judgedUntil, sampleOf: sampleMover(setOf) });
  }
  engine.late = saved.late;
  if (saved.shed) engine.shedding?.load(saved.shed);
  engine.firsts?.merge(...saves.flatMap(({ firsts }) => firsts ?? []));
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

/** Keys that were seen before this second are in no window that is still to be sealed. */
function oldestSecond({ keepMs }: KeySpace, judgedUntil: number): number {
  return Math.floor((judgedUntil - keepMs) / 1000);
}

function saveSpace(space: KeySpace, { judging, bound }: DetectEngine, extent: SaveExtent): SavedSpace {
  const { table } = space;
  const rows = rowsToSave(table, extent, oldestSecond(space, judging.judgedUntil));
  const compared = bound.filter((detector) => detector.space === space && detector.population);
  const ids = bound.map(({ active }) => active.definition.id);
  const names = new Map<number, string>();
  rows.forEach((row, place) => {
    const name = space.names.get(row);
    if (name !== undefined) names.set(place, name);
  });
  return {
    dimensions: space.dimensions,
    ...saveKeys(table, rows),
    names,
    lanes: space.lanes.map((lane) => saveLane(lane, rows, ids)),
    populations: compared.map(
      ({ active, population }) =>
        [active.definition.id, definitionOf(population!.counter.slot), population!.usual.save(rows)] as const,
    ),
  };
}

/** `saves`: of this space, whole and then in changes. */
function loadSpace(
  space: KeySpace,
  saves: readonly SavedSpace[],
  of: { engine: DetectEngine; judgedUntil: number; sampleOf: (sample: Sample) => Sample },
): void {
  const { engine, sampleOf } = of;
  const { now } = restoreKeys(space.table, saves, oldestSecond(space, of.judgedUntil));
  for (const [save, { names }] of saves.entries()) {
    for (const [place, name] of names) if (now[save]![place]! >= 0) space.names.set(now[save]![place]!, name);
  }
  for (const { space: own, active, population } of engine.bound) {
    if (own !== space || !population) continue;
    const id = `${active.definition.id} ${definitionOf(population.counter.slot)}`;
    const usual = saves.map(({ populations }) => populations.find(([was, text]) => `${was} ${text}` === id)?.[2]);
    for (const [save, one] of usual.entries()) if (one) population.usual.loadRows(one, now[save]!);
    const last = usual.at(-1);
    if (last) population.usual.loadRoutes(last);
  }
  for (const lane of space.lanes) {
    // Another list of detectors may have them spread over other lanes.
    const before = saves.map(({ lanes }) => lanes.filter((old) => isSame(old, lane)));
    for (const [save, lanes] of before.entries()) {
      const onto = { rows: now[save]!, sampleOf, ids: idsOf(engine), filled: new Set<Slot>() };
      for (const one of lanes) loadLane(lane, one, onto);
    }
    lane.restoreUnsealed(before.at(-1)!.flatMap(({ unsealed }) => unsealed));
  }
}

function isSame(old: SavedLane, { windowMs, bucketMs }: Lane): boolean {
  return old.windowMs === windowMs && old.bucketMs === bucketMs;
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
