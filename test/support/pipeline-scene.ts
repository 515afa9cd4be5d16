import type { DetectStage } from "../../src/detect/detect-stage.ts";
import { Watermark } from "../../src/detect/watermark.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import type { Normalizer } from "../../src/normalize/normalizer.ts";
import { Pipeline, type PipelineOptions, type SavedState, type SourceEvent } from "../../src/pipeline.ts";
import type { Position, RawBatch, Source } from "../../src/source/raw-batch.ts";
import type { MinuteRows } from "../../src/store/minute-rows.ts";
import { aDetection } from "./a-detection.ts";
import { anEvent } from "./an-event.ts";
import { TestClock } from "./test-clock.ts";

export const sceneStart = Date.parse("2026-08-22T09:00:00.000Z");

/** What the scene's normalizer has learned of routes. */
export const learned = { open: false, children: [["about", { open: false, children: [] }]] } as const;

/** How far each stage of a scene has come, as its saved state says. */
export interface SceneState extends Omit<SavedState, "detect" | "minutes"> {
  readonly detect: readonly string[];
  readonly minutes: readonly string[];
}

/**
 * A pipeline between stages that only note what is asked of them. A record is `ok`, `bad` (it is
 * rejected), `attack` (it is detected), or `+30` (so many seconds after the start).
 */
export function pipelineScene(options: Partial<PipelineOptions> = {}) {
  const clock = new TestClock(sceneStart);
  const calls: string[] = [];
  const states: SceneState[] = [];
  const sourceEvents: SourceEvent[] = [];
  const stuck: unknown[] = [];
  const counted: string[] = [];
  const watermark = new Watermark({ clock, latenessMs: 10_000, idleAfterMs: 15_000, aheadMs: 45_000 });

  const normalizer: Pick<Normalizer, "normalize" | "learnedRoutes"> = {
    learnedRoutes: () => learned,
    normalize({ source, partition, records, offsets }) {
      calls.push("normalize");
      const good = records.flatMap((record, i) => (record === "bad" ? [] : [i]));
      const bad = records.flatMap((record, i) => (record === "bad" ? [i] : []));
      return {
        events: good.map((i) => eventOf(String(records[i]))),
        offsets: good.map((i) => offsets[i]!),
        indexes: good.map(() => 0),
        rejected: bad.map((i) => ({
          source, partition, offset: offsets[i]!, index: 0, reason: "not_json" as const, format: "none", detail: "", head: "bad",
        })), // prettier-ignore
      };
    },
  };
  const attacks = (events: readonly AccessEvent[]) => events.filter(({ path }) => path === "attack");
  const detect = {
    watermark,
    process(batch: RawBatch, { events }: { events: readonly AccessEvent[] }) {
      calls.push("detect");
      for (const event of events) watermark.readUpTo(watermark.heard(batch.partition), event.time);
      watermark.advance();
      counted.push(...batch.records.map(String));
      return attacks(events).map((_, i) => aDetection({ id: `${batch.partition} ${JSON.stringify(batch.next)} ${i}` }));
    },
    tick() {
      watermark.advance();
      return [];
    },
    finish: () => [aDetection({ id: "the last" })],
    save: () => [...counted],
    written: () => {},
  };
  const minutes: Pick<MinuteRows, "add" | "flush" | "release" | "snapshot"> = {
    add: async (partition) => void calls.push(`count ${partition}`),
    flush: async () => void calls.push("flush minutes"),
    release: (partition) => void calls.push(`release ${partition}`),
    snapshot: () => [...counted] as never,
  };
  const source = (name: string) => {
    const saved: ReadonlyMap<string, Position>[] = [];
    const made: Source & { readonly saves: ReadonlyMap<string, Position>[] } = {
      name,
      saves: saved,
      start: async () => {},
      saved: async (positions) => {
        calls.push(`tell ${name}`);
        saved.push(positions);
      },
      pause: (partition) => void calls.push(`pause ${partition}`),
      resume: (partition) => void calls.push(`resume ${partition}`),
      stop: async () => {},
      close: async () => {},
    };
    return made;
  };
  const sources = [source("edge"), source("push")] as const;
  const pipeline = new Pipeline({
    clock,
    normalizer,
    detect: detect as unknown as DetectStage,
    minutes: minutes as MinuteRows,
    store: {
      write: async (table) => void calls.push(`write ${table}`),
      flush: async () => void calls.push("flush store"),
    },
    respond: async (detections) => void calls.push(`respond ${detections.map(({ id }) => id).join()}`),
    save: async (state) => {
      calls.push("save");
      states.push(structuredClone(state) as unknown as SceneState);
    },
    sources,
    saved: undefined,
    onSource: (event) => sourceEvents.push(event),
    onStuck: (error) => stuck.push(error),
    observe: (batch, { events, rejected, detections }) =>
      calls.push(`observe ${events.length} ${rejected.length} ${detections.length} of ${batch.partition}`),
    ...options,
  });
  return { pipeline, clock, calls, states, sourceEvents, stuck, sources, watermark };
}

/** A batch of a source's partition 0, or of another partition of `edge`. */
export function aBatch(records: readonly string[], of: Partial<RawBatch> = {}): RawBatch {
  const source = of.source ?? "edge";
  return {
    source,
    partition: `${source}:logs/0`,
    records,
    offsets: records.map((_, i) => i),
    refused: [],
    next: records.length,
    receivedAt: sceneStart,
    ...of,
  };
}

// helpers

function eventOf(record: string): AccessEvent {
  const seconds = record.startsWith("+") ? Number(record) : 0;
  return anEvent({ time: sceneStart + seconds * 1000, path: record });
}
