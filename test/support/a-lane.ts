import * as fc from "fast-check";
import type { ChangedRows } from "../../src/detect/changed-rows.ts";
import { count, distinct, last, max, quantile, sum, type Counter } from "../../src/detect/define-detector.ts";
import { Lane } from "../../src/detect/lane.ts";
import type { Observations } from "../../src/detect/observations.ts";
import { contentHash, evidenceOf, type Sample } from "../../src/detect/sample.ts";
import { Samples } from "../../src/detect/samples.ts";
import { createSlot, Scratch, slotValue } from "../../src/detect/slot.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { anEvent } from "./an-event.ts";

export const laneStart = Date.UTC(2026, 7, 22, 9);
export const laneWindowMs = 60_000;
export const laneBucketMs = 1_000;

/** How far events of a test may lie apart beyond the window; buckets are kept for so long. */
export const laneSlackMs = 20_000;

/** One counter of each kind that adds up. Longitudes may be negative: so may the largest of them. */
export const addingCounters: readonly Counter[] = [
  count((event) => event.status === 401),
  sum((event) => event.durationMs),
  max((event) => event.longitude),
  distinct((event) => event.userId),
  quantile((event) => event.durationMs, 0.9, (event) => event.status === 200),
]; // prettier-ignore

export const lastThree: Counter = last(3, (event) => [event.durationMs], (event) => event.status === 200); // prettier-ignore

/** Of all lanes: what one of them saves names its samples by their numbers. */
const laneSamples = new Samples(4096);

/** A lane of a few rows with these counters; `together`: one of several of a key space. */
export function aLane(
  counters: readonly Counter[] = addingCounters,
  rows = 8,
  together?: { readonly observations?: Observations; readonly number?: number; readonly changed?: ChangedRows },
): Lane {
  const lane = new Lane({
    rows,
    ...together,
    windowMs: laneWindowMs,
    bucketMs: laneBucketMs,
    slackMs: laneSlackMs,
    ring: laneSamples,
  });
  for (const counter of counters) lane.addSlot(createSlot(counter));
  lane.judges.add(0, 1);
  lane.allocate();
  return lane;
}

/** What is kept of an event as evidence. */
export function sampleOf(event: AccessEvent): Sample {
  return { time: event.time, hash: contentHash(event), detectors: [0], owner: undefined, event: evidenceOf(event) };
}

/** Observes an event for a row, with its sample; 0: with none. */
export function observe(lane: Lane, event: AccessEvent, row = 0, sample: Sample | 0 = sampleOf(event)): void {
  const scratch = new Scratch();
  for (const slot of lane.slots) {
    const value = slot.counter.if?.(event) === false ? undefined : slotValue(slot.counter, event);
    if (value !== undefined) scratch.put(slot, value);
  }
  if (scratch.mask === 0) return;
  const of = { time: event.time, hash: contentHash(event), sample: sample || undefined, evidence: 1 };
  lane.observe(row, of, scratch, 0);
}

/** Events within the window and the slack, in any order. */
export const laneEvents = (length: { minLength: number; maxLength: number }) =>
  fc.array(
    fc
      .record({
        time: fc.nat({ max: laneWindowMs + laneSlackMs - 1 }).map((ms) => laneStart + ms),
        status: fc.constantFrom(200, 401),
        durationMs: fc.nat({ max: 500 }),
        longitude: fc.option(fc.integer({ min: -180, max: 180 }), { nil: undefined }),
        userId: fc.option(fc.constantFrom("anna", "ben", "cleo"), { nil: undefined }),
        requestId: fc.nat().map(String),
      })
      .map((given) => anEvent(given)),
    length,
  );

/** The last bucket that any of `laneEvents` is in. */
export const lastLaneBucket = Math.floor((laneStart + laneWindowMs + laneSlackMs - 1) / laneBucketMs);

/** All figures of a row at the end of every seventh bucket. */
export function allFigures(lane: Lane, row = 0): unknown[] {
  const ends = Array.from({ length: 12 }, (_, i) => lastLaneBucket - i * 7);
  return ends.map((end) => lane.slots.map((slot) => lane.figure(row, slot, end)));
}
