import { describe, expect, test } from "vitest";
import { count, type DetectorDefinition } from "../../src/detect/define-detector.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage } from "../../src/detect/detect-stage.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import type { RawBatch } from "../../src/source/raw-batch.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const throwing = aDetector({
  id: "throws",
  counters: {
    bad: count(() => {
      throw new Error("oops");
    }),
  },
});

function aStage(...definitions: readonly DetectorDefinition[]) {
  const muted: string[] = [];
  const stage = new DetectStage({
    detectors: definitions.map(active),
    config: detectConfig.parse({ clients: 1_024 }),
    clock: new TestClock(start),
    onMuted: (detector) => muted.push(detector),
  });
  /** One batch; the record of event i is at offset 10 × i. `timestamps`: of all records. */
  const process = (events: readonly AccessEvent[], batch: Partial<RawBatch> = {}) => {
    const offsets = events.map((_, i) => i * 10);
    const raw: RawBatch = {
      source: "edge", partition: "edge:logs/0", records: [], refused: [], next: 0, receivedAt: start + 60_000, offsets, ...batch,
    }; // prettier-ignore
    return stage.process(raw, { events, offsets });
  };
  return { stage, process, muted };
}

function failed(second: number): AccessEvent {
  return anEvent({ time: start + second * 1000, endpointClass: "login", status: 401, outcome: "failed" });
}

describe("a change of detectors", () => {
  test("keeps what was counted, the watermark and what is open", () => {
    const { stage, process } = aStage(aDetector());
    process([failed(0), failed(1)]);
    const watermark = stage.watermark.value;
    stage.update([active(aDetector({ id: "another", key: ["userId"] })), active(aDetector())]);
    expect(stage.watermark.value).toBe(watermark);
    const [opened] = process([failed(2)]);
    expect(opened).toMatchObject({ detector: "three-failures" });
    stage.update([{ ...active(aDetector()), mode: "dry-run" }]);
    expect(stage.finish()).toMatchObject([{ id: opened!.id, sealed: true, state: "open" }, { id: opened!.id, state: "closed" }]);
  }); // prettier-ignore

  test("one that is switched off tells the end of what it had open", () => {
    const { stage, process } = aStage(aDetector());
    const [opened] = process([failed(0), failed(1), failed(2)]);
    stage.update([]);
    expect(stage.tick()).toMatchObject([{ id: opened!.id, state: "unconfirmed" }]);
    expect(stage.tick()).toEqual([]);
  });

  test("lets one that was muted try again", () => {
    const { stage, process, muted } = aStage(throwing);
    const events = Array.from({ length: 30 }, (_, i) => failed(i / 10));
    process(events);
    expect(muted).toEqual(["throws"]);
    expect(stage.status()).toMatchObject([{ id: "throws", muted: true, errors: 20 }]);
    stage.update([active(throwing)]);
    expect(stage.status()).toMatchObject([{ id: "throws", muted: false, errors: 0 }]);
  });
});

describe("the future", () => {
  test("an event can't have ended later than its own transport took it", () => {
    const { stage, process } = aStage(aDetector());
    // Three records, of which the second became no event.
    process([failed(0), failed(3_600)], { offsets: [0, 5, 10], timestamps: [start, start + 900_000, start + 1_000] });
    expect(stage.watermark.newest).toBe(start + 3_000);
  });

  test("where the transport doesn't say, not later than it arrived here", () => {
    for (const timestamps of [undefined, [0]]) {
      const { stage, process } = aStage(aDetector());
      process([failed(3_600)], timestamps && { timestamps });
      expect(stage.watermark.newest).toBe(start + 62_000);
    }
  });
});

test("a batch without events lets time pass all the same", () => {
  const { stage, process } = aStage(aDetector());
  process([failed(0), failed(1), failed(2), anEvent({ time: start + 3_000 })]);
  stage.watermark.end("edge:logs/0");
  expect(process([])).toMatchObject([{ sealed: true, state: "open" }]);
});

test("what was saved is gone on with", () => {
  const one = aStage(aDetector());
  one.process([failed(0), failed(1)]);
  const other = aStage(aDetector());
  other.stage.load(structuredClone(one.stage.save()));
  expect(other.process([failed(2)])).toMatchObject([{ detector: "three-failures" }]);
});
