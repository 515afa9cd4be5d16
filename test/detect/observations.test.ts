import * as fc from "fast-check";
import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import type { Lane } from "../../src/detect/lane.ts";
import { Observations } from "../../src/detect/observations.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { savedRows, type SavedRows } from "../../src/detect/saved-rows.ts";
import {
  addingCounters,
  aLane,
  allFigures,
  laneEvents,
  lastLaneBucket,
  lastThree,
  observe,
  sampleOf,
} from "../support/a-lane.ts";

// Lanes of one key space keep an event together: each has to see what it would see alone.

const counters = [[...addingCounters], [...addingCounters, lastThree], [lastThree], addingCounters.slice(3)];
const rows = 8;

/** Lanes of one key space, or each for itself. */
function lanesOf(observations?: Observations): Lane[] {
  return counters.map((of, number) => aLane(of, rows, observations && { observations, number }));
}

function seen(lane: Lane, row: number): unknown {
  const samples = lane.samples(row, lastLaneBucket).map(({ hash }) => hash);
  return { figures: allFigures(lane, row), samples: samples.sort((a, b) => a - b), most: lane.mostEvents(row) };
}

const given = fc.array(
  fc.record({
    // Some of them at the same moment.
    events: laneEvents({ minLength: 1, maxLength: 5 }).map((events) =>
      events.map((event) => ({ ...event, time: event.time - (event.time % 10_000) })),
    ),
    row: fc.nat({ max: rows - 1 }),
    lanes: fc.uniqueArray(fc.nat({ max: counters.length - 1 })),
    forgets: fc.option(fc.nat({ max: counters.length - 1 })),
  }),
  { maxLength: 12 },
);

test("each lane sees what it would see alone, also after others have forgotten or were given buckets", () => {
  fc.assert(
    fc.property(given, (steps) => {
      const together = lanesOf(new Observations(rows));
      const alone = lanesOf();
      for (const lanes of [together, alone]) goThrough(lanes, steps);
      for (let row = 0; row < rows; row++)
        expect(together.map((lane) => seen(lane, row))).toEqual(alone.map((lane) => seen(lane, row)));
    }),
    { numRuns: 200 },
  );
});

test("what was saved lane by lane takes as much room as before, and reads the same", () => {
  fc.assert(
    fc.property(laneEvents({ minLength: 1, maxLength: 8 }), (events) => {
      const before = new Observations(rows);
      const lanes = lanesOf(before);
      for (const event of events) observeWith(lanes, event, 3);
      const after = new Observations(rows);
      const restored = lanesOf(after);
      lanes.forEach((lane, at) => {
        const [row] = savedRows(deserialize(serialize(lane.save([3]))) as SavedRows);
        restored[at]!.merge(3, row!);
      });
      expect(restored.map((lane) => seen(lane, 3))).toEqual(lanes.map((lane) => seen(lane, 3)));
      expect(recordsOf(after, 3)).toBe(recordsOf(before, 3));
    }),
  );
});

test("what was saved stays as it was, however late it is read, and so does what is saved meanwhile", () => {
  fc.assert(
    fc.property(given, given, given, (before, meanwhile, after) => {
      const lanes = lanesOf(new Observations(rows));
      const read = (saved: readonly SavedRows[]) => saved.map((one) => [...savedRows(one)]);
      const everything = () => lanes.map((lane) => lane.save([...Array(rows).keys()]));
      goThrough(lanes, before);
      const first = { at: read(everything()), saved: everything() };
      goThrough(lanes, meanwhile);
      const second = { at: read(everything()), saved: everything() };
      goThrough(lanes, after);
      for (const { at, saved } of [first, second]) expect(read(saved)).toEqual(at);
    }),
  );
});

test("an event is one record, however many lanes count it, and its memory is used again", () => {
  const observations = new Observations(rows);
  const lanes = lanesOf(observations);
  const [event] = fc.sample(laneEvents({ minLength: 1, maxLength: 1 }), { numRuns: 1, seed: 1 })[0]!;
  const taken: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    observeWith(lanes, event!, i % rows);
    expect(recordsOf(observations, i % rows)).toBe(1);
    for (const lane of lanes) lane.forget(i % rows);
    taken.push(observations.bytes);
  }
  expect(new Set(taken).size).toBe(1);
});

// helpers

interface Step {
  readonly events: readonly AccessEvent[];
  readonly row: number;
  readonly lanes: readonly number[];
  readonly forgets: number | null;
}

function goThrough(all: readonly Lane[], steps: readonly Step[]): void {
  for (const { events, row, lanes, forgets } of steps) {
    for (const event of events) observeWith(lanes.map((at) => all[at]!), event, row); // prettier-ignore
    if (forgets !== null) all[forgets]!.forget(row);
  }
}

/** As an event is counted: one lane after the other, with the same sample, or none. */
function observeWith(lanes: readonly Lane[], event: AccessEvent, row: number): void {
  const sample = event.status === 401 ? sampleOf(event) : 0;
  for (const lane of lanes) observe(lane, event, row, sample);
}

function recordsOf(observations: Observations, row: number): number {
  let records = 0;
  for (let at = observations.first(row); at !== 0; at = observations.next(at)) records++;
  return records;
}
