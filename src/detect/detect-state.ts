import { createHash } from "node:crypto";
import type { DetectEngine } from "./detect-engine.ts";
import type { SavedEpisode } from "./episodes.ts";
import type { SavedCoverage } from "./coverage.ts";
import type { KeySpace } from "./key-space.ts";
import type { Lane, SavedRow } from "./lane.ts";
import type { TrafficMemory } from "./traffic-memory.ts";
import type { SavedWatermark, Watermark } from "./watermark.ts";

interface SavedLane {
  /** What was counted, and how: rows are loaded only where it is still the same. */
  readonly definition: string;
  readonly rows: readonly (readonly [name: string, seen: number, touches: number, row: SavedRow])[];
}

/** Everything the detect stage knows, as plain data that `v8.serialize` takes. */
export interface SavedDetect {
  readonly watermark: SavedWatermark;
  readonly sealedUntil: number;
  readonly memory: object;
  readonly lanes: readonly SavedLane[];
  readonly episodes: readonly SavedEpisode[];
  readonly coverage: SavedCoverage;
  readonly late: number;
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
    memory: memory.save(),
    lanes: engine.spaces.flatMap((space) => space.lanes.map((lane) => saveLane(space, lane))),
    episodes: engine.episodes.save(),
    coverage: engine.coverage.save(),
    late: engine.late,
  };
}

/** Puts back what was saved. Counters of detectors that have changed since begin anew. */
export function loadDetect({ engine, watermark, memory }: DetectParts, saved: SavedDetect): void {
  watermark.load(saved.watermark);
  memory.load(saved.memory);
  const lanes = new Map(saved.lanes.map((lane) => [lane.definition, lane]));
  for (const space of engine.spaces) {
    for (const lane of space.lanes) {
      const known = lanes.get(definitionOf(space, lane));
      for (const [name, seen, touches, row] of known?.rows ?? [])
        lane.load(space.restore(name, { seen, touches }), row);
    }
  }
  engine.late = saved.late;
  engine.coverage.load(saved.coverage);
  engine.episodes.load(saved.episodes, engine.bound);
  engine.restoreSealed(saved.sealedUntil);
}

function saveLane(space: KeySpace, lane: Lane): SavedLane {
  const rows: (readonly [string, number, number, SavedRow])[] = [];
  const { names, seen, touches } = space.table;
  for (let row = 0; row < names.length; row++) {
    const name = names[row];
    const saved = name === undefined ? undefined : lane.save(row);
    if (saved) rows.push([name!, seen[row]!, touches[row]!, saved]);
  }
  return { definition: definitionOf(space, lane), rows };
}

/** Changes when anything changes that gives the numbers in a lane their meaning. */
function definitionOf(space: KeySpace, lane: Lane): string {
  const slots = lane.slots.map(({ kind, counter, names }) => {
    const of = "of" in counter ? counter.of.toString() : "";
    return [kind, [...names].sort().join(), counter.if?.toString() ?? "", of].join("|");
  });
  const text = [space.dimensions.join(), lane.windowMs, lane.bucketMs, ...slots].join("\n");
  return createHash("sha256").update(text).digest("hex");
}
