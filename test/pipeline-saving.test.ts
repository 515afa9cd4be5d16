import { describe, expect, test } from "vitest";
import { detectConfig } from "../src/detect/detect-config.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import { Pipeline, type SavedState } from "../src/pipeline.ts";
import type { Position, RawBatch, Source } from "../src/source/raw-batch.ts";
import { createMinuteRows } from "../src/store/minute-rows.ts";
import { TestClock } from "./support/test-clock.ts";

describe("saving", () => {
  test("is one after the other, and the newest state is the last", async () => {
    const { pipeline, writing, told } = aPipeline();
    await pipeline.handle(aBatch(1));
    const first = pipeline.save();
    await settled();
    await pipeline.handle(aBatch(2));
    const second = pipeline.save();
    await settled();
    expect(writing.map(({ next }) => next)).toEqual([1]);
    writing[0]?.done();
    await first;
    await settled();
    expect(writing.map(({ next }) => next)).toEqual([1, 2]);
    writing[1]?.done();
    await second;
    expect(told).toEqual([1, 2]);
  });

  test("what could not be written is written the next time, and told nobody before", async () => {
    const { pipeline, writing, told } = aPipeline();
    await pipeline.handle(aBatch(1));
    const failed = pipeline.save();
    await settled();
    writing[0]?.fail(new Error("the disk is full"));
    await expect(failed).rejects.toThrow("the disk is full");
    expect(told).toEqual([]);
    const again = pipeline.save();
    await settled();
    expect(writing.map(({ next }) => next)).toEqual([1, 1]);
    writing[1]?.done();
    await again;
    expect(told).toEqual([1]);
  });

  test("nothing new is nothing to save", async () => {
    const { pipeline, writing } = aPipeline();
    await pipeline.save();
    expect(writing).toEqual([]);
  });
});

// helpers

/** A pipeline without events, whose state is written when the test says so. */
function aPipeline() {
  const clock = new TestClock();
  const writing: { next: Position | undefined; done: () => void; fail: (error: Error) => void }[] = [];
  const told: (Position | undefined)[] = [];
  const source: Source = {
    name: "edge",
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    close: () => Promise.resolve(),
    saved: async (positions) => void told.push(positions.get("edge/0")),
  };
  const pipeline = new Pipeline({
    clock,
    normalizer: {
      normalize: () => ({ events: [], offsets: [], indexes: [], rejected: [] }),
      learnedRoutes: () => ({ open: false, children: [] }),
    },
    detect: new DetectStage({ detectors: [], config: detectConfig.parse({ clients: 1024 }), clock, onMuted: () => {} }),
    minutes: createMinuteRows({ write: () => Promise.resolve() }),
    store: { write: () => Promise.resolve(), flush: () => Promise.resolve() },
    respond: () => Promise.resolve(),
    save: (state: SavedState) =>
      new Promise<void>((resolve, reject) => {
        writing.push({ next: new Map(state.positions).get("edge/0"), done: resolve, fail: reject });
      }),
    sources: [source],
    saved: undefined,
    onSource: () => {},
    onStuck: () => {},
    observe: () => {},
  });
  return { pipeline, writing, told };
}

function aBatch(next: number): RawBatch {
  return { source: "edge", partition: "edge/0", records: ["x"], offsets: [next], refused: [], next, receivedAt: 0 };
}

/** All that can happen without the test's doing has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
