import type { AccessEvent } from "../../src/normalize/access-event.ts";
import type { Baselines } from "../../src/detect/baselines.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage, type SavedStage } from "../../src/detect/detect-stage.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { ActiveDetector } from "../../src/detect/plan.ts";
import { TallyCounter } from "../../src/detect/tally-counter.ts";
import { TestClock } from "./test-clock.ts";

/** Source partitions whose events are counted into tallies, and the parts of the keys that put them together. */
export interface TallySystem {
  readonly stages: readonly DetectStage[];
  readonly counters: ReadonlyMap<string, TallyCounter>;
  /** Counts events of a partition. */
  add(partition: string, events: readonly AccessEvent[]): void;
  /** Hands over what was counted of a partition; what was detected comes back, of all parts. */
  flush(partition: string): Detection[];
  finish(): Detection[];
  /** Events that the tallies tell of, over all parts. */
  readonly counted: number;
  /** Each part saves: whole at first, then what has changed. */
  save(): void;
  /** Each part begins anew, with what it saved. */
  restart(): void;
}

export interface TallySystemOptions {
  readonly detectors: readonly ActiveDetector[];
  readonly partitions: readonly string[];
  readonly parts: number;
  readonly clients?: number;
  readonly clock?: TestClock;
  readonly baselines?: Baselines | undefined;
}

export function tallySystem(options: TallySystemOptions): TallySystem {
  const { detectors, partitions, parts, clock = new TestClock(), baselines } = options;
  const config = detectConfig.parse({ clients: options.clients ?? 4096, firstSeenValues: 4096 });
  const counters = new Map(
    partitions.map((partition) => [partition, new TallyCounter({ detectors, config, partition, parts })]),
  );
  const stageOf = (index: number, saves: readonly SavedStage[] = []) => {
    const onMuted = () => {};
    const stage = new DetectStage({ detectors, config, clock, onMuted, part: { index, of: parts } });
    for (const partition of partitions) stage.watermark.assign(partition);
    if (baselines) stage.baselines.load(baselines.save());
    if (saves.length > 0) stage.load(...structuredClone(saves));
    return stage;
  };
  let stages = Array.from({ length: parts }, (_, index) => stageOf(index));
  const saved: SavedStage[][] = stages.map(() => []);
  const save = () =>
    stages.forEach((stage, index) => {
      const one = stage.save("changes");
      if (one.extent === "whole") saved[index] = [];
      saved[index]!.push(structuredClone(one));
      stage.written(one);
    });
  let counted = 0;
  return {
    get counted() {
      return counted;
    },
    get stages() {
      return stages;
    },
    counters,
    add(partition, events) {
      counters.get(partition)!.count({ events, takenAt: (i) => events[i]!.time });
    },
    flush(partition) {
      const { parts: tallies } = counters.get(partition)!.take();
      return tallies.flatMap((tally, index) => {
        const { detections, problem, events } = stages[index]!.merge(tally);
        counted += events;
        if (problem !== undefined) throw new Error(problem);
        return detections;
      });
    },
    finish: () => stages.flatMap((stage) => stage.finish()),
    save,
    restart() {
      save();
      stages = stages.map((_, index) => stageOf(index, saved[index]!.splice(0)));
    },
  };
}

/** The last word on each sealed detection: what must not depend on how the events came. */
export function sealedOf(told: readonly Detection[]): readonly unknown[] {
  const byId = new Map<string, Detection>();
  for (const d of told) if (d.sealed && (byId.get(d.id)?.version ?? 0) <= d.version) byId.set(d.id, d);
  return [...byId.values()]
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .map(({ version: _v, supersedes: _s, coverage: _c, stale: _t, ...rest }) => rest);
}
