/** Detectors by their numbers, ascending. */
export type DetectorSet = readonly number[];

export const nobody: DetectorSet = [];

/** More different sets than a plan of any sense has; beyond it they are made anew. */
const maxSets = 4_096;

interface Node {
  readonly set: DetectorSet;
  readonly with: Node[];
}

/**
 * Builds sets of detectors, each different one once: events that speak for the same detectors share
 * one, so that no memory is taken for each.
 */
export class DetectorSets {
  #root: Node = { set: nobody, with: [] };
  #at = this.#root;
  #made = 0;

  /** Begins a set that is empty. */
  begin(): void {
    this.#at = this.#root;
  }

  /** Adds a detector; their numbers must ascend. */
  add(index: number): void {
    this.#at = this.#at.with[index] ?? this.#make(index);
  }

  /** The set that was built. */
  get(): DetectorSet {
    return this.#at.set;
  }

  #make(index: number): Node {
    if (this.#made++ === maxSets) {
      this.#made = 0;
      this.#root = { set: nobody, with: [] };
    }
    return (this.#at.with[index] = { set: [...this.#at.set, index], with: [] });
  }
}

/** All that are in either set; one of the two where it holds the other. */
export function unionOf(a: DetectorSet, b: DetectorSet): DetectorSet {
  if (a === b || b.every((index) => a.includes(index))) return a;
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

/** The same detectors in another list of them: `to` tells a former number's new one, -1 where it is gone. */
export function renumbered(set: DetectorSet, to: readonly number[]): DetectorSet {
  return set
    .map((old) => to[old] ?? -1)
    .filter((index) => index >= 0)
    .sort((x, y) => x - y);
}
