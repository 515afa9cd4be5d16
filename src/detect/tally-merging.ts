import { bitmapWords, setBit } from "./bitmap.ts";
import type { Detection } from "./detection.ts";
import type { Part } from "./key-division.ts";
import type { KeySpace } from "./key-space.ts";
import type { Lane } from "./lane.ts";
import type { BoundDetector } from "./plan.ts";
import type { ReadEntry, ReadGroup, ReadSpace } from "./read-tally-block.ts";
import {
  readStretch,
  readTally,
  type StretchBytes,
  type Tally,
  type TallyReaderPlan,
  type Unreadable,
} from "./read-tally.ts";
import type { SavedRow } from "./saved-rows.ts";
import { Scratch } from "./slot.ts";
import { nameDetectors, nameLanes } from "./tally-plan.ts";
import type { TrafficMemory } from "./traffic-memory.ts";

/** What came of a tally. */
export interface MergedTally {
  readonly detections: Detection[];
  /** The source partition that was counted; `undefined` when the tally could not be read. */
  readonly partition?: string | undefined;
  /** Events that were counted in it. */
  readonly events: number;
  /** What the store counts by the minute, as whoever counted gave it. */
  readonly minutes?: Uint8Array | undefined;
  /** Why it, or a part of it, could not be taken. */
  readonly problem?: string | undefined;
}

/** What came of one stretch of time. */
export interface TakenStretch {
  /** Events that came too late. */
  readonly late: number;
  /** Lanes that count something else here. */
  readonly unknownLanes: number;
  readonly problem: string | undefined;
}

/** When a stretch of time is merged. */
export interface MergeMoment {
  /** What ended before it was judged: observations of that come too late. */
  readonly sealedUntil: number;
  /** Buckets that ended before it can't matter any more. */
  readonly judgedUntil: number;
  /** A key that a detector may fire on by now, at an event time. */
  readonly changed: (detector: BoundDetector, at: { row: number; time: number }) => void;
}

/** Puts what was counted elsewhere into an engine's tables, as if its events had been observed here. */
export class TallyMerging {
  readonly #spaces: ReadonlyMap<string, KeySpace>;
  readonly #bound: readonly BoundDetector[];
  readonly #memory: Pick<TrafficMemory, "takeIn">;
  readonly #part: Part;
  readonly #plan: TallyReaderPlan;
  readonly #scratch = new Scratch();

  constructor(options: {
    readonly spaces: readonly KeySpace[];
    readonly bound: readonly BoundDetector[];
    readonly memory: Pick<TrafficMemory, "takeIn">;
    readonly part: Part | undefined;
  }) {
    const { spaces, bound, memory, part = { index: 0, of: 1 } } = options;
    this.#spaces = new Map(spaces.map((space) => [space.dimensions.join(), space]));
    this.#bound = bound;
    this.#memory = memory;
    this.#part = part;
    this.#plan = {
      lanes: new Map(nameLanes(spaces, bound).map((lane) => [lane.id, lane])),
      detectors: new Map(nameDetectors(bound).map((detector, index) => [detector, index])),
    };
  }

  /** Reads a tally; one of another part of the keys is a problem, too. */
  read(bytes: Uint8Array): Tally | Unreadable {
    const tally = readTally(bytes, this.#plan);
    const { index, of } = this.#part;
    if ("problem" in tally || (tally.part === index && tally.parts === of)) return tally;
    return { problem: `a tally of part ${tally.part} of ${tally.parts}, and this is ${index} of ${of}` };
  }

  /** Reads a tally of the traffic alone. */
  readTraffic(bytes: Uint8Array): Tally | Unreadable {
    const tally = readTally(bytes, this.#plan);
    if ("problem" in tally || tally.part === tally.parts) return tally;
    return { problem: `a tally of part ${tally.part}, and none of the traffic` };
  }

  /** Takes in what one of its stretches of time tells of the traffic. */
  takeTraffic(stretch: StretchBytes, sealedUntil: number): void {
    const read = readStretch(stretch, this.#plan);
    if ("problem" in read || !read.facts) return;
    this.#memory.takeIn(read.facts, { settles: read.facts.newest >= sealedUntil });
  }

  /** Takes in one of a tally's stretches of time: nothing of it when it can't be read. */
  take(stretch: StretchBytes, at: MergeMoment): TakenStretch {
    const read = readStretch(stretch, this.#plan);
    if ("problem" in read) return { late: 0, unknownLanes: 0, problem: read.problem };
    const { blocks, facts, seconds } = read;
    const { sealedUntil } = at;
    if (facts) this.#memory.takeIn(facts, { settles: facts.newest >= sealedUntil });
    const { latest } = stretch;
    for (const { spaces } of blocks) for (const space of spaces) this.#space(space, { ...at, latest });
    const unknownLanes = blocks.reduce((sum, block) => sum + block.unknownLanes, 0);
    const late = seconds.filter(({ second }) => stretch.begin + (second + 1) * 1000 <= sealedUntil);
    return {
      late: late.reduce((sum, { count }) => sum + count, 0),
      unknownLanes,
      problem: unknownLanes === 0 ? undefined : `${unknownLanes} lanes of counters that count something else here`,
    };
  }

  #space(read: ReadSpace, at: MergeMoment & { latest: number }): void {
    const space = this.#spaces.get(read.dimensions.join());
    if (space === undefined) return;
    const rows = new Int32Array(read.keys.length).fill(-1);
    for (const { lane, entries } of read.lanes) {
      for (const entry of entries) {
        const key = read.keys[entry.key]!;
        if (rows[entry.key] === -1) rows[entry.key] = space.rowFor(key, at.latest);
        this.#entry({ space, lane, row: rows[entry.key]! }, entry, { ...at, key });
      }
    }
  }

  #entry(
    of: { space: KeySpace; lane: Lane; row: number },
    { groups, firsts }: ReadEntry,
    at: MergeMoment & { latest: number; key: readonly string[] },
  ): void {
    const { space, lane, row } = of;
    const slots = firsts.length === 0 ? [] : lane.slots.filter(({ kind }) => kind === "firstSeen");
    for (const group of groups) {
      const bucket = lane.bucketOf(group.time);
      const end = (bucket + 1) * lane.bucketMs;
      if (end <= at.sealedUntil) continue;
      const ready = this.#group(lane, row, { group, bucket, judgedUntil: at.judgedUntil });
      if (lane.hot.has(row)) space.rememberKey(row, at.key);
      if (ready === 0) continue;
      const time = lane.isOrdered ? group.time : Math.max(group.time, Math.min(end - 1, at.latest));
      for (let left = ready; left !== 0; left &= left - 1)
        at.changed(this.#bound[lane.judges.indexes[31 - Math.clz32(left & -left)]!]!, { row, time });
    }
    for (const { slot, value, second } of firsts) {
      if ((lane.bucketOf(second * 1000) + 1) * lane.bucketMs <= at.sealedUntil) continue;
      slots[slot]!.firsts!.see({ keys: space.table, row }, value, second * 1000);
    }
  }

  /** Answers by bit whose evidence it is that may fire now. */
  #group(
    lane: Lane,
    row: number,
    { group, bucket, judgedUntil }: { group: ReadGroup; bucket: number; judgedUntil: number },
  ): number {
    const { evidence, count, samples } = group;
    if (count > lane.places) {
      lane.merge(row, summed(lane, group, bucket));
      return evidence & lane.judges.readyAt(lane.mostEvents(row));
    }
    let ready = 0;
    for (let i = 0; i < count; i++) {
      fill(this.#scratch, { lane, group, i });
      const { time, hash } = group;
      ready = lane.observe(row, { time, hash, evidence, sample: samples[i] }, this.#scratch, judgedUntil);
    }
    return ready;
  }
}

// helpers

/** One of a group's observations: which of them had which value makes no difference, so that each can be made up. */
function fill(scratch: Scratch, { lane, group, i }: { lane: Lane; group: ReadGroup; i: number }): void {
  scratch.mask = group.mask;
  let column = 0;
  for (let left = group.mask; left !== 0; left &= left - 1) {
    const { kind, at } = lane.slots[31 - Math.clz32(left & -left)]!;
    const values = group.columns[column++]!;
    if (kind === "sum") scratch.values[at] = i === 0 ? values[0]! : 0;
    else if (kind === "max") scratch.values[at] = values[0]!;
    else if (kind === "distinct") scratch.values[at] = values[Math.min(i, values.length - 1)]!;
    else if (kind === "quantile") scratch.values[at] = binAt(values, i);
    else if (kind === "last") values.forEach((value, v) => (scratch.values[at + v] = value));
  }
}

/** The bin of one of the values that pairs of bins and counts stand for. */
function binAt(pairs: readonly number[], place: number): number {
  let left = place;
  for (let p = 0; p < pairs.length; p += 2) {
    left -= pairs[p + 1]!;
    if (left < 0) return pairs[p]!;
  }
  return 0;
}

/** Many observations of one bucket, as a row's buckets are saved. */
function summed(lane: Lane, { mask, evidence, count, samples, columns }: ReadGroup, bucket: number): SavedRow {
  let column = 0;
  const bySlot = lane.slots.map(({ bit }) => ((mask & bit) === 0 ? undefined : columns[column++]!));
  const isNumber = lane.slots.map(({ kind }) => kind === "sum" || kind === "max");
  const numbers = lane.slots.map(({ kind }, s) => {
    if (bySlot[s] === undefined) return undefined;
    return kind === "count" ? count : isNumber[s] ? bySlot[s][0] : undefined;
  });
  const bitmaps = lane.slots.map(({ kind }, s) => (kind === "distinct" && bySlot[s] ? bitmapOf(bySlot[s]) : undefined));
  const sketches = lane.slots.map(({ kind }, s) =>
    kind === "quantile" && bySlot[s] ? Uint32Array.from(bySlot[s]) : undefined,
  );
  return {
    ...nothingApart,
    pooled: [{ bucket, events: count, evidence, numbers, bitmaps, sketches, samples }],
  };
}

function bitmapOf(values: readonly number[]): Uint32Array {
  const words = new Uint32Array(bitmapWords);
  for (const value of values) setBit(words, 0, value);
  return words;
}

const nothingApart: Omit<SavedRow, "pooled"> = {
  times: new Float64Array(),
  hashes: new Uint32Array(),
  masks: new Uint32Array(),
  evidence: new Uint32Array(),
  values: new Float64Array(),
  samples: new Uint32Array(),
};
