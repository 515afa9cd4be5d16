import type { Finding } from "./judge.ts";
import type { BoundDetector } from "./plan.ts";

/** What a detector that names others in `suppressedBy` has to do with them. */
export interface SuppressedBy {
  readonly detector: string;
  /** Only where both concern the same route, or class of endpoints; the whole site, unless given. */
  readonly same?: "route" | "endpointClass";
}

/** Places remembered of one detector: routes are bounded, and few of them fail at once. */
const maxPlaces = 4_096;

/** What tells where and when something was found. */
type Located = Pick<Finding, "detector" | "end" | "key" | "samples">;

/** Where a finding is: what its key says, else its earliest sample. */
interface Place {
  readonly route: string | undefined;
  readonly endpointClass: string | undefined;
}

/**
 * Which detectors are held back while an episode of another goes on: when payments fail for everybody,
 * whose payments fail says nothing. What is sealed is held back by what was sealed, up to the same
 * moment of event time, so that a replay judges alike; on change, also by what is not sealed yet.
 */
export class Suppressions {
  readonly #bound: readonly BoundDetector[];
  /** Detectors that hold others back. */
  readonly #holding: ReadonlySet<number>;
  /** By detector and place: the end of the last bucket that fired, epoch ms. */
  readonly #sealed = new Map<number, Map<string, number>>();
  readonly #eager = new Map<number, Map<string, number>>();
  readonly #counts: Float64Array;

  constructor(bound: readonly BoundDetector[]) {
    this.#bound = bound;
    this.#holding = new Set(bound.flatMap(({ heldBackBy }) => heldBackBy.map(({ by }) => by.index)));
    this.#counts = new Float64Array(bound.length);
  }

  /** Takes note of a finding that stands, if it holds others back. A detector on trial doesn't. */
  fired(finding: Finding, how: "sealed" | "eager"): void {
    const { detector, end } = finding;
    if (!this.#holding.has(detector.index) || detector.active.mode !== "active") return;
    const all = how === "sealed" ? this.#sealed : this.#eager;
    const places = all.get(detector.index) ?? new Map<string, number>();
    all.set(detector.index, places);
    const { route, endpointClass } = placeOf(finding);
    for (const place of ["", `route ${route}`, `endpointClass ${endpointClass}`]) {
      const last = Math.max(end, places.get(place) ?? 0);
      places.delete(place);
      places.set(place, last);
    }
    while (places.size > maxPlaces) places.delete(places.keys().next().value!);
  }

  /** True when another's episode goes on, so that this finding is none; counted when it is on complete buckets. */
  holdsBack(finding: Finding, how: "sealed" | "eager"): boolean {
    const { detector } = finding;
    if (detector.heldBackBy.length === 0) return false;
    const isHeld =
      this.#isHeldBack(finding, this.#sealed) || (how === "eager" && this.#isHeldBack(finding, this.#eager));
    if (isHeld && how === "sealed") this.#counts[detector.index]!++;
    return isHeld;
  }

  /** The same of what is no finding, but would be with lower thresholds; on complete buckets. */
  wouldHoldBack(finding: Located): boolean {
    return this.#isHeldBack(finding, this.#sealed);
  }

  /** How often a detector would have fired, were it not for others. */
  countOf(detector: BoundDetector): number {
    return this.#counts[detector.index]!;
  }

  /** The detectors whose episodes hold this one back, somewhere, at a moment of event time. */
  holding(detector: BoundDetector, now: number): string[] {
    const open = detector.heldBackBy.filter(({ by }) => this.#isOpen(this.#sealed, { by, where: "", end: now }));
    return open.map(({ by }) => by.active.definition.id);
  }

  save(): SavedSuppressions {
    return this.#bound
      .filter(({ index }) => this.#sealed.has(index) || this.#eager.has(index) || this.#counts[index]! > 0)
      .map(({ index, active }) => ({
        detector: active.definition.id,
        sealed: [...(this.#sealed.get(index) ?? [])],
        eager: [...(this.#eager.get(index) ?? [])],
        count: this.#counts[index]!,
      }));
  }

  load(saved: SavedSuppressions): void {
    for (const { detector, sealed, eager, count } of saved) {
      const index = this.#bound.findIndex(({ active }) => active.definition.id === detector);
      if (index === -1) continue;
      this.#counts[index] = count;
      if (!this.#holding.has(index)) continue;
      this.#sealed.set(index, new Map(sealed));
      this.#eager.set(index, new Map(eager));
    }
  }

  #isHeldBack(finding: Located, all: ReadonlyMap<number, ReadonlyMap<string, number>>): boolean {
    const { detector, end } = finding;
    const place = placeOf(finding);
    return detector.heldBackBy.some(({ by, same }) =>
      this.#isOpen(all, { by, where: same === undefined ? "" : `${same} ${place[same]}`, end }),
    );
  }

  #isOpen(
    all: ReadonlyMap<number, ReadonlyMap<string, number>>,
    { by, where, end }: { by: BoundDetector; where: string; end: number },
  ): boolean {
    const last = all.get(by.index)?.get(where);
    return last !== undefined && end - last <= by.quietMs;
  }
}

export type SavedSuppressions = readonly {
  readonly detector: string;
  readonly sealed: readonly (readonly [place: string, end: number])[];
  readonly eager: readonly (readonly [place: string, end: number])[];
  readonly count: number;
}[];

/** What a definition says, with what may be left out filled in. */
export function suppressedByOf(named: readonly (string | SuppressedBy)[] | undefined): readonly SuppressedBy[] {
  return (named ?? []).map((one) => (typeof one === "string" ? { detector: one } : one));
}

/** By detector: whom it holds back comes after it. Those in a circle come in no order. */
export function ranksOf(heldBackBy: readonly (readonly number[])[]): number[] {
  const ranks = heldBackBy.map(() => 0);
  // A chain is at most as long as there are detectors.
  for (let round = 0; round < heldBackBy.length; round++) {
    const before = ranks.join();
    heldBackBy.forEach((others, index) => {
      ranks[index] = Math.min(heldBackBy.length, Math.max(0, ...others.map((other) => ranks[other]! + 1)));
    });
    if (ranks.join() === before) break;
  }
  return ranks;
}

function placeOf(finding: Located): Place {
  const first = finding.samples[0]?.event;
  return {
    route: finding.key["route"] ?? first?.route,
    endpointClass: finding.key["endpointClass"] ?? first?.endpointClass,
  };
}
