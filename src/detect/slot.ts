import type { AccessEvent } from "../normalize/access-event.ts";
import type { Counter, Known, Where } from "./define-detector.ts";
import { bitmapWords, countDistinct, setBit } from "./bitmap.ts";
import type { FirstSeenCounter } from "./first-seen.ts";
import { hash32, hashNumber } from "./hash.ts";
import { binOf, quantileOf, sketchBins } from "./sketch.ts";
import { canMeet } from "./where.ts";

/** The most numbers one `last` counter remembers of an event. */
export const lastWidth = 4;

/** One counter's place in a lane; detectors whose counters are equal share it. */
export interface Slot {
  readonly kind: Counter["kind"];
  readonly counter: Counter;
  /** Its detectors' `where`: which events come by at all. */
  readonly where: Where;
  /** Detectors that own it, as indexes into the engine's list. */
  readonly owners: Set<number>;
  /** Names that stay the same over restarts: `detector.counter` of each owner. */
  readonly names: string[];
  /** Numbers an observation carries for it. */
  readonly width: number;
  /** For `last`: how many are remembered. */
  readonly n: number;
  /** Its bit in an observation's mask, and where its numbers begin. */
  bit: number;
  at: number;
  /** For `firstSeen`: where its values are remembered. */
  firsts: FirstSeenCounter | undefined;
}

export function createSlot(counter: Counter, where: Where = {}): Slot {
  const width = counter.kind === "count" ? 0 : counter.kind === "last" ? lastWidth : 1;
  const n = counter.kind === "last" ? counter.n : 0;
  return {
    kind: counter.kind,
    counter,
    where,
    owners: new Set(),
    names: [],
    width,
    n,
    bit: 0,
    at: 0,
    firsts: undefined,
  };
}

/** Changes when anything changes that gives a slot's numbers their meaning. */
export function definitionOf({ kind, n, where, counter }: Slot): string {
  const of = "of" in counter ? counter.of.toString() : "";
  const more = counter.kind === "quantile" ? counter.q : counter.kind === "firstSeen" ? counter.memory : "";
  return [kind, n, more, JSON.stringify(where), counter.if?.toString() ?? "", of].join("\n");
}

/** What an observation carries for a slot. */
export type SlotValue = number | readonly (number | undefined)[];

/**
 * What an event's value is to a counter: a number, the hash of a text, the bin of a sketch;
 * `undefined` when the event has none, and then it doesn't count. Throws what the counter's `of` throws.
 */
export function slotValue(counter: Counter, event: AccessEvent): SlotValue | undefined {
  switch (counter.kind) {
    case "count":
      return 0;
    case "distinct":
    case "firstSeen": {
      const value = counter.of(event);
      if (value === undefined) return undefined;
      return Number.isSafeInteger(value) ? hashNumber(value as number) : hash32(String(value));
    }
    case "last": {
      const values = counter.of(event);
      return values.every((value) => value !== undefined && Number.isFinite(value)) ? values : undefined;
    }
    default: {
      const value = counter.of(event);
      if (value === undefined || !Number.isFinite(value)) return undefined;
      return counter.kind === "quantile" ? binOf(value) : value;
    }
  }
}

/** What one event means to the slots of one lane: which match, and their values. Reused for each event. */
export class Scratch {
  mask = 0;
  readonly values = new Float64Array(31 * lastWidth);

  /** The slot matched, with this value (a number, or for `last` some). */
  put(slot: Slot, value: SlotValue): void {
    this.mask |= slot.bit;
    if (typeof value === "number") this.values[slot.at] = value;
    else for (let i = 0; i < lastWidth; i++) this.values[slot.at + i] = value[i] ?? 0;
  }

  /** Adds up single observations of a slot, giving the same figure as its buckets would. */
  static accumulator({ counter }: Slot): { add(value: number): void; result(): number | Known } {
    if (counter.kind === "distinct") {
      const words = new Uint32Array(bitmapWords);
      return { add: (value) => setBit(words, 0, value), result: () => known(countDistinct(words) || undefined) };
    }
    if (counter.kind === "quantile") {
      const counts = new Uint32Array(sketchBins);
      return { add: (value) => counts[value]!++, result: () => known(quantileOf(counts, counter.q)) };
    }
    let total = 0;
    let isFirst = true;
    return {
      add(value) {
        if (counter.kind === "count") total++;
        else if (counter.kind === "sum") total += value;
        else total = isFirst ? value : Math.max(total, value);
        isFirst = false;
      },
      result: () => total,
    };
  }
}

/** Where a slot's numbers go in an observation: counters that no event can match together share a place. */
export function placeAmong(slots: readonly Slot[], slot: Slot): number {
  const others = slots.filter((other) => other.width > 0 && canMeet(other.where, slot.where));
  let at = 0;
  for (const other of others.sort((a, b) => a.at - b.at)) {
    if (other.at < at + slot.width) at = Math.max(at, other.at + other.width);
  }
  return at;
}

/** A figure as it is told: `undefined` when nothing was counted. */
export function known(value: number | undefined): Known {
  return { known: value !== undefined, value: value ?? 0 };
}
