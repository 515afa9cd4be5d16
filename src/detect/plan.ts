import type { z } from "zod";
import { parseDuration } from "../units.ts";
import { endpointClasses, outcomes, type AccessEvent } from "../normalize/access-event.ts";
import { originsOf, type Counter, type DetectorDefinition, type Dimension, type Where } from "./define-detector.ts";
import type { KeySpace } from "./key-space.ts";
import type { Lane } from "./lane.ts";
import { createSlot, type Slot } from "./slot.ts";

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
  /** Its number, and its bit in samples and owners. */
  readonly index: number;
  readonly active: ActiveDetector;
  readonly space: KeySpace;
  /** The lane whose buckets it is judged by. */
  readonly lane: Lane;
  readonly counters: readonly BoundCounter[];
  readonly quietMs: number;
  /** Keys with fewer counted events in the window can't make it fire. */
  readonly floor: number;
  /** Methods its `where` names, or `undefined` for all. */
  readonly methods: ReadonlySet<string> | undefined;
}

/** What an event of one kind (class, outcome, origin, attempt or not) means: which detectors look, and which slots may count it. */
export interface Cell {
  readonly detectors: readonly BoundDetector[];
  /** Those that would look if requests counted as attempts here; they wait for shop events instead. */
  readonly awaiting: readonly BoundDetector[];
  readonly work: readonly { readonly space: KeySpace; readonly lane: Lane; readonly slots: readonly Slot[] }[];
}

/** What the plan is built with: makes a key space (a table and its dimensions) on demand. */
export interface PlanTables {
  space(dimensions: readonly Dimension[]): KeySpace;
  lane(space: KeySpace, window: { windowMs: number; bucketMs: number }): Lane;
}

/**
 * Binds detectors to tables: detectors with the same key share rows, those with the same window
 * share a lane, and equal counters under an equal `where` share a slot.
 */
export function bindDetectors(detectors: readonly ActiveDetector[], tables: PlanTables): BoundDetector[] {
  return detectors.map((active, index) => {
    const { definition } = active;
    const windowMs = parseDuration(definition.window)!;
    const bucketMs = bucketOf(windowMs, definition.bucket);
    const space = tables.space(definition.key);
    const counters = Object.entries(definition.counters).map(([name, counter]) => {
      const own = counter.scope.window === undefined ? windowMs : parseDuration(counter.scope.window)!;
      const size = own === windowMs ? bucketMs : Math.max(bucketMs, bucketOf(own, undefined));
      const at = counter.scope.key === undefined ? space : tables.space(counter.scope.key);
      const lane = tables.lane(at, { windowMs: own, bucketMs: size });
      const slot = sharedSlot(lane, { counter, where: JSON.stringify(definition.where) });
      slot.owners.add(index);
      slot.names.push(`${definition.id}.${name}`);
      return { name, space: at, lane, slot };
    });
    const lane = tables.lane(space, { windowMs, bucketMs });
    lane.judges |= 1 << index;
    const quietMs = definition.quiet === undefined ? windowMs : parseDuration(definition.quiet)!;
    const methods = definition.where.method === undefined ? undefined : new Set(definition.where.method);
    const floor = definition.floor?.(active.params) ?? 1;
    return { index, active, space, lane, counters, quietMs, floor, methods };
  });
}

/** The plan's index: for each kind of event, what one of that kind means. */
export function indexDetectors(bound: readonly BoundDetector[]): Cell[] {
  return eventKinds.map((kind) => {
    const detectors = bound.filter(({ active }) => chooses(active.definition.where, kind));
    const awaiting = bound.filter(({ active }) => awaits(active.definition.where, kind));
    const work = new Map<Lane, { space: KeySpace; lane: Lane; slots: Slot[] }>();
    for (const { counters, lane, space } of detectors) {
      if (!work.has(lane)) work.set(lane, { space, lane, slots: [] });
      for (const counter of counters) {
        const item = work.get(counter.lane) ?? { space: counter.space, lane: counter.lane, slots: [] };
        work.set(counter.lane, item);
        if (!item.slots.includes(counter.slot)) item.slots.push(counter.slot);
      }
    }
    return { detectors, awaiting, work: [...work.values()] };
  });
}

/** What the index is made by. */
export type EventKind = Pick<AccessEvent, "endpointClass" | "outcome" | "origin" | "attempt">;

const eventKinds: readonly EventKind[] = endpointClasses.flatMap((endpointClass) =>
  outcomes.flatMap((outcome) =>
    (["gateway", "shop"] as const).flatMap((origin) =>
      [true, false].map((attempt) => ({ endpointClass, outcome, origin, attempt })),
    ),
  ),
);
const kindsPerOutcome = 4;

const classNumber = new Map<string, number>(
  endpointClasses.map((name, i) => [name, i * outcomes.length * kindsPerOutcome]),
);
const outcomeNumber = new Map<string, number>(outcomes.map((name, i) => [name, i * kindsPerOutcome]));

/** Where in the index an event's cell is. */
export function cellNumber(event: EventKind): number {
  const place = classNumber.get(event.endpointClass)! + outcomeNumber.get(event.outcome)!;
  return place + (event.origin === "shop" ? 2 : 0) + (event.attempt ? 0 : 1);
}

/** A bucket is a sixtieth of the window, at least a second. */
function bucketOf(windowMs: number, bucket: string | undefined): number {
  return bucket === undefined ? Math.max(1000, Math.ceil(windowMs / 60 / 1000) * 1000) : parseDuration(bucket)!;
}

/** Whether a detector with this `where` looks at such an event; its methods are another question. */
export function chooses(where: Where, event: EventKind): boolean {
  const has = (list: readonly string[] | undefined, value: string) => list === undefined || list.includes(value);
  return (
    has(where.endpointClass, event.endpointClass) &&
    has(where.outcome, event.outcome) &&
    originsOf(where).includes(event.origin) &&
    (where.attempt === undefined || where.attempt === event.attempt)
  );
}

/** A request that is no attempt, of a class whose attempts the detector judges; how it ended is for the shop event to say. */
export function awaits(where: Where, event: EventKind): boolean {
  if (where.attempt !== true || event.attempt || event.origin === "shop") return false;
  return where.endpointClass === undefined || where.endpointClass.includes(event.endpointClass);
}

function sharedSlot(lane: Lane, wanted: { counter: Counter; where: string }): Slot {
  const equal = lane.slots.find(({ counter, where }) => where === wanted.where && sameCounter(counter, wanted.counter));
  if (equal) return equal;
  const slot = createSlot(wanted.counter, wanted.where);
  lane.addSlot(slot);
  return slot;
}

function sameCounter(a: Counter, b: Counter): boolean {
  if (a.kind !== b.kind || a.if !== b.if) return false;
  if (a.kind === "last" && b.kind === "last" && a.n !== b.n) return false;
  return a.kind === "count" || (b.kind !== "count" && a.of === b.of);
}
