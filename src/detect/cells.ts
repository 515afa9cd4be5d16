import type { AccessEvent } from "../normalize/access-event.ts";
import type { CellProgram } from "./compile-cell.ts";
import type { Counter, Predicate } from "./define-detector.ts";
import type { KeySpace } from "./key-space.ts";
import type { Lane } from "./lane.ts";
import type { BoundDetector } from "./plan.ts";
import type { Slot } from "./slot.ts";
import { awaits, chooses, type EventKind, eventKinds } from "./where.ts";

/** Stands for a predicate that needs no asking. */
export const always = -1;

/** What an event of one kind (class, outcome, origin, attempt or not) means. */
export interface Cell {
  /** Which detectors look at it. */
  readonly detectors: readonly BoundDetector[];
  /** Those that would look if requests counted as attempts here; they wait for shop events instead. */
  readonly awaiting: readonly BoundDetector[];
  /** What has to be asked of the event, each predicate once. */
  readonly tests: readonly Predicate[];
  /** Values that counters take from it, each once. */
  readonly values: readonly Counter[];
  readonly work: readonly Work[];
  /** Whose evidence it may be, and the test that tells. */
  readonly evidence: readonly { readonly detector: BoundDetector; readonly test: number }[];
  /** All of this as code; made when the first event of the kind comes. */
  program: CellProgram | undefined;
}

/** What is to be done with an event in one lane. */
export interface Work {
  readonly space: KeySpace;
  readonly lane: Lane;
  readonly slots: readonly CellSlot[];
  /** Which of the lane's detectors may have it for evidence, by bit. */
  readonly judges: readonly { readonly bit: number; readonly test: number }[];
  /** The slots that remember when a value was first seen. */
  readonly firsts: readonly Slot[];
}

/** A slot that may count the event: the test that tells, and its value (`always`: it needs none). */
interface CellSlot {
  readonly slot: Slot;
  readonly test: number;
  readonly value: number;
}

/**
 * The plan's index for events of one method, by `kindNumber`: what an event of each kind means.
 * `undefined` stands for any method that no `where` names.
 */
export function indexDetectors(bound: readonly BoundDetector[], method?: string): Cell[] {
  const mine = bound.filter(({ active }) => {
    const named = active.definition.where.method;
    return named === undefined || (method !== undefined && named.includes(method));
  });
  return eventKinds.map((kind) => {
    const detectors = mine.filter(({ active }) => chooses(active.definition.where, kind));
    const awaiting = mine.filter(({ active }) => awaits(active.definition.where, kind));
    return cellOf(detectors, { awaiting, kind });
  });
}

/** What an event of a kind means to some detectors. */
export function cellOf(
  detectors: readonly BoundDetector[],
  { awaiting, kind }: { readonly awaiting: readonly BoundDetector[]; readonly kind: EventKind },
): Cell {
  const tests: Predicate[] = [];
  const values: Counter[] = [];
  /** Which test answers a predicate for events of this kind; `undefined`: they never match it. */
  const testOf = (predicate: Predicate | undefined): number | undefined => {
    const answer = predicate === undefined ? true : answerFor(predicate, kind);
    if (answer !== undefined) return answer ? always : undefined;
    const known = tests.indexOf(predicate!);
    return known === -1 ? tests.push(predicate!) - 1 : known;
  };
  const valueOf = (counter: Counter): number => {
    if (counter.kind === "count") return always;
    const known = values.findIndex((one) => one.kind === counter.kind && "of" in one && one.of === counter.of);
    return known === -1 ? values.push(counter) - 1 : known;
  };
  const evidence = detectors.flatMap((detector) => {
    const test = testOf(detector.active.definition.evidence);
    return test === undefined ? [] : [{ detector, test }];
  });
  const work = new Map<Lane, { space: KeySpace; lane: Lane; slots: Set<Slot> }>();
  for (const { counters, lane, space } of detectors) {
    for (const counter of [{ lane, space, slot: undefined }, ...counters]) {
      const item = work.get(counter.lane) ?? { space: counter.space, lane: counter.lane, slots: new Set() };
      work.set(counter.lane, item);
      if (counter.slot !== undefined) item.slots.add(counter.slot);
    }
  }
  const all = [...work.values()].flatMap(({ space, lane, slots: wanted }): Work[] => {
    const slots = [...wanted].flatMap((slot) => {
      const test = testOf(slot.counter.if);
      return test === undefined ? [] : [{ slot, test, value: valueOf(slot.counter) }];
    });
    const judges = evidence
      .filter(({ detector }) => detector.lane === lane)
      .map(({ detector, test }) => ({ bit: lane.judges.bitOf(detector.index), test }));
    const firsts = slots.map(({ slot }) => slot).filter(({ kind: of }) => of === "firstSeen");
    return slots.length === 0 ? [] : [{ space, lane, slots, judges, firsts }];
  });
  return { detectors, awaiting, tests, values, work: all, evidence, program: undefined };
}

// helpers

/** Thrown where a predicate looks at more than the kind. */
const unanswered = new Error("not told by the kind");

/**
 * What a predicate says to every event of a kind; `undefined` when it depends on more than the kind. It
 * is asked about an event that has nothing else: whoever looks further has to ask each event.
 */
function answerFor(predicate: Predicate, kind: EventKind): boolean | undefined {
  // Refused by enforcement is not counted at all.
  const known: Partial<AccessEvent> = { ...kind, enforced: false };
  const event = new Proxy(known, {
    get(target, name) {
      if (name in target) return target[name as keyof AccessEvent];
      throw unanswered;
    },
    has() {
      throw unanswered;
    },
    ownKeys() {
      throw unanswered;
    },
  }) as AccessEvent;
  try {
    return predicate(event);
  } catch {
    // It looked further. If the error is its own, it is thrown again, and counted, when it is asked for an event.
    return undefined;
  }
}
