import type { z } from "zod";
import { parseDuration } from "../units.ts";
import type { Counter, DetectorDefinition, Dimension, Where } from "./define-detector.ts";
import type { KeySpace } from "./key-space.ts";
import { judgesPerLane } from "./lane-judges.ts";
import { type Lane, slotsPerLane } from "./lane.ts";
import { createSlot, type Slot } from "./slot.ts";
import { Population } from "./population.ts";
import { ranksOf, type SuppressedBy, suppressedByOf } from "./suppressions.ts";

/** A detector as it is to run: its definition, checked parameters, mode. */
export interface ActiveDetector {
  readonly definition: DetectorDefinition;
  readonly params: z.output<z.ZodObject>;
  readonly mode: "active" | "dry-run";
}

/** One counter of a detector, bound to where it is counted. */
export interface BoundCounter {
  readonly name: string;
  readonly space: KeySpace;
  readonly lane: Lane;
  readonly slot: Slot;
}

/** A detector bound to its tables. */
export interface BoundDetector {
  /** Its number in samples, owners and sets of detectors. */
  readonly index: number;
  readonly active: ActiveDetector;
  readonly space: KeySpace;
  /** The lane whose buckets it is judged by. */
  readonly lane: Lane;
  readonly counters: readonly BoundCounter[];
  readonly quietMs: number;
  /** Keys with fewer counted events in the window can't make it fire. */
  readonly floor: number;
  /** By row: the time of the event it was last judged on, where its figures take long; else `undefined`. */
  readonly judgedAt: Float64Array | undefined;
  /** Which part of its key may be a client: `clientIp`, or else `actor`. */
  readonly client: number | undefined;
  /** What is usual on its routes, by which counter, and which part of its key the route is. */
  readonly population:
    | { readonly usual: Population; readonly counter: BoundCounter; readonly route: number }
    | undefined;
  /** Detectors whose episodes hold it back, and where. */
  readonly heldBackBy: readonly HeldBackBy[];
  /** Higher than theirs: what holds others back is judged before them. */
  readonly rank: number;
}

/** One detector that holds another back. */
export interface HeldBackBy {
  readonly by: BoundDetector;
  readonly same: SuppressedBy["same"];
}

/** What the plan is built with: makes a key space (a table and its dimensions) on demand. */
export interface PlanTables {
  space(dimensions: readonly Dimension[]): KeySpace;
  /** A lane for what a detector counts over one window: one that suits, or a new one. */
  lane(space: KeySpace, wanted: WantedLane): Lane;
}

/** What is asked of a lane. */
export interface WantedLane {
  readonly windowMs: number;
  readonly bucketMs: number;
  readonly where: Where;
  /** Whether its counters have room there. */
  readonly fits: (lane: Lane) => boolean;
}

/**
 * Binds detectors to tables: detectors with the same key share rows, those with the same window
 * share a lane as long as it has room, and equal counters under an equal `where` share a slot.
 */
export function bindDetectors(detectors: readonly ActiveDetector[], tables: PlanTables): BoundDetector[] {
  const ids = detectors.map(({ definition }) => definition.id);
  const suppressed = detectors.map(({ definition }) =>
    suppressedByOf(definition.suppressedBy).filter(({ detector }) => ids.includes(detector)),
  );
  const ranks = ranksOf(suppressed.map((others) => others.map(({ detector }) => ids.indexOf(detector))));
  const bound = detectors.map((active, index) => {
    const { definition } = active;
    const { where } = definition;
    const windowMs = parseDuration(definition.window)!;
    const bucketMs = bucketOf(windowMs, definition.bucket);
    const space = tables.space(definition.key);
    const all = Object.entries(definition.counters).map(([name, counter]) => {
      const own = counter.scope.window === undefined ? windowMs : parseDuration(counter.scope.window)!;
      const at = counter.scope.key === undefined ? space : tables.space(counter.scope.key);
      return { name, counter, space: at, windowMs: own };
    });
    // All that is counted over one window is in one lane: how much a row has seen is told by that lane.
    const laneFor = (at: KeySpace, over: number) => {
      const together = all.filter((one) => one.space === at && one.windowMs === over).map(({ counter }) => counter);
      const fits = (lane: Lane) =>
        lane.judges.indexes.length < judgesPerLane &&
        lane.slots.length + together.filter((one) => !shared(lane, one, where)).length <= slotsPerLane;
      const size = over === windowMs ? bucketMs : Math.max(bucketMs, bucketOf(over, undefined));
      return tables.lane(at, { windowMs: over, bucketMs: size, where, fits });
    }; // prettier-ignore
    const lane = laneFor(space, windowMs);
    const lanes = new Map([[lane.windowMs, new Map([[space, lane]])]]);
    const counters = all.map(({ name, counter, space: at, windowMs: over }) => {
      const bySpace = lanes.get(over) ?? new Map<KeySpace, Lane>();
      lanes.set(over, bySpace);
      const on = bySpace.get(at) ?? laneFor(at, over);
      bySpace.set(at, on);
      const slot = shared(on, counter, where) ?? added(on, createSlot(counter, where));
      slot.owners.add(index);
      slot.names.push(`${definition.id}.${name}`);
      return { name, space: at, lane: on, slot };
    });
    const quietMs = definition.quiet === undefined ? windowMs : parseDuration(definition.quiet)!;
    const floor = definition.floor?.(active.params) ?? 1;
    // What is usual is learned from those below the floor, too.
    lane.judges.add(index, definition.population ? 1 : floor);
    const isSlow = all.some(({ counter }) => counter.kind === "quantile");
    const judgedAt = isSlow ? new Float64Array(space.table.capacity) : undefined;
    const rank = ranks[index]!;
    lane.ranks = [...new Set([...lane.ranks, rank])].sort((a, b) => a - b);
    const heldBackBy: HeldBackBy[] = [];
    const clients = (["clientIp", "actor"] as const).map((dimension) => definition.key.indexOf(dimension));
    const client = clients.find((place) => place !== -1);
    const population = definition.population && {
      usual: new Population({ keys: space.table, q: definition.population.quantile }),
      counter: counters.find(({ name }) => name === definition.population!.counter)!,
      route: definition.key.indexOf("route"),
    };
    return { index, active, space, lane, counters, quietMs, floor, judgedAt, client, population, heldBackBy, rank };
  });
  for (const { index, heldBackBy } of bound) {
    for (const { detector, same } of suppressed[index]!) heldBackBy.push({ by: bound[ids.indexOf(detector)]!, same });
  }
  return bound;
}

/** A bucket is a sixtieth of the window, at least a second. */
function bucketOf(windowMs: number, bucket: string | undefined): number {
  return bucket === undefined ? Math.max(1000, Math.ceil(windowMs / 60 / 1000) * 1000) : parseDuration(bucket)!;
}

/** The slot of a lane that counts the same, if there is one. */
function shared(lane: Lane, counter: Counter, where: Where): Slot | undefined {
  const text = JSON.stringify(where);
  return lane.slots.find((slot) => JSON.stringify(slot.where) === text && sameCounter(slot.counter, counter));
}

function added(lane: Lane, slot: Slot): Slot {
  lane.addSlot(slot);
  return slot;
}

function sameCounter(a: Counter, b: Counter): boolean {
  if (a.kind !== b.kind || a.if !== b.if) return false;
  if (a.kind === "last" && b.kind === "last" && a.n !== b.n) return false;
  if (a.kind === "firstSeen" && b.kind === "firstSeen" && a.memory !== b.memory) return false;
  if (a.kind === "quantile" && b.kind === "quantile" && a.q !== b.q) return false;
  return a.kind === "count" || (b.kind !== "count" && a.of === b.of);
}
