import { createHash } from "node:crypto";
import type { KeySpace } from "./key-space.ts";
import type { Lane } from "./lane.ts";
import type { BoundDetector } from "./plan.ts";
import { hash32 } from "./hash.ts";
import { definitionOf, type Slot } from "./slot.ts";

/**
 * Raised when something that detectors' functions refer to comes to mean something else, and their own
 * text does not tell: what was counted before and after does not add up.
 */
const meaning = 1;

/** A lane under a name that is the same wherever the same is counted in the same way. */
export interface NamedLane {
  readonly space: KeySpace;
  readonly lane: Lane;
  /** 16 hex digits. */
  readonly id: string;
  /** Its counters of first times. */
  readonly firsts: readonly Slot[];
}

/** The lanes of some detectors by name, so that what one process counts another one finds. */
export function nameLanes(spaces: readonly KeySpace[], bound: readonly BoundDetector[]): NamedLane[] {
  return spaces.flatMap((space) =>
    space.lanes.map((lane) => ({
      ...{ space, lane, id: idOf({ space, lane }, bound) },
      firsts: lane.slots.filter(({ kind }) => kind === "firstSeen"),
    })),
  );
}

/** 32 bits for each detector, by its id. */
export function nameDetectors(bound: readonly BoundDetector[]): number[] {
  return bound.map(({ active }) => hash32(active.definition.id));
}

/** Changes with anything that gives an observation in the lane its meaning: slots and judges are said by their bits. */
function idOf({ space, lane }: { space: KeySpace; lane: Lane }, bound: readonly BoundDetector[]): string {
  const slots = lane.slots.map((slot) => [definitionOf(slot), ...slot.names]);
  const judges = lane.judges.indexes.map((index) => {
    const { id, where, evidence } = bound[index]!.active.definition;
    return [id, JSON.stringify(where), String(evidence)];
  });
  const text = JSON.stringify([meaning, space.dimensions, lane.windowMs, lane.bucketMs, slots, judges]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
