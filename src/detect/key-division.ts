import type { Dimension } from "./dimension.ts";
import { hashed } from "./hash.ts";
import { hashParts } from "./key-hash.ts";
import type { KeySpace } from "./key-space.ts";
import type { BoundDetector } from "./plan.ts";
import { fewValues } from "./tables.ts";

/** One of the parts that all keys are divided into. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

/**
 * How keys are divided among engines, so that each can judge its own without asking the others. Most keys
 * go to one part by their hash. What keys of another kind are compared with goes along with them: to every
 * part where it has few keys or holds detectors back, else by the hash of what both have in common. So a
 * key that goes to all parts is judged by all of them, and told of by the one that owns it.
 */
export class KeyDivision {
  readonly #parts: number;
  readonly #shared = new Set<KeySpace>();
  /** Of keys that aren't divided by all of their dimensions: by which. */
  readonly #places = new Map<KeySpace, readonly number[]>();

  constructor(bound: readonly BoundDetector[], parts: number) {
    this.#parts = parts;
    for (const { population, space } of bound) if (population) this.#places.set(space, [population.route]);
    for (const { heldBackBy } of bound) for (const { by } of heldBackBy) this.#shared.add(by.space);
    for (const { counters, space } of bound) for (const one of counters) this.#together(space, one.space);
    // What is judged in every part has to find there what it is compared with.
    for (let before = -1; before < this.#shared.size;) {
      before = this.#shared.size;
      for (const { counters, space } of bound)
        if (this.#shared.has(space)) for (const one of counters) this.#shared.add(one.space);
    }
  }

  /** Keys that every part has. */
  isShared(space: KeySpace): boolean {
    return this.#shared.has(space);
  }

  /** The part that a key, given by its parts as text, belongs to; of a shared one, the part that tells of it. */
  partOf(space: KeySpace, texts: readonly string[]): number {
    if (this.#parts === 1) return 0;
    const places = this.#places.get(space);
    if (places === undefined) hashParts(texts, space.dimensions);
    else hashParts(places.map((place) => texts[place] ?? ""), dimensionsAt(space, places)); // prettier-ignore
    // The other half says where in a table it is.
    return hashed.hi % this.#parts;
  }

  /** The same of a key by dimension. */
  partOfKey(space: KeySpace, key: Readonly<Record<string, string>>): number {
    return this.partOf(space, space.dimensions.map((dimension) => key[dimension] ?? "")); // prettier-ignore
  }

  /** The same of a key by its hash; -1 when that is not enough to tell. */
  partOfHash(space: KeySpace, hi: number): number {
    if (this.#parts === 1) return 0;
    return this.#places.has(space) ? -1 : hi % this.#parts;
  }

  /** Keys of one space are compared with those of another, which are a part of them. */
  #together(space: KeySpace, of: KeySpace): void {
    if (space === of || this.#shared.has(of)) return;
    const places = of.dimensions.map((dimension) => space.dimensions.indexOf(dimension));
    const isFree = !this.#places.has(space) || this.#places.get(space)!.join() === places.join();
    if (of.dimensions.every((one) => fewValues.includes(one)) || this.#places.has(of) || !isFree) this.#shared.add(of);
    else this.#places.set(space, places);
  }
}

function dimensionsAt(space: KeySpace, places: readonly number[]): Dimension[] {
  return places.map((place) => space.dimensions[place]!);
}
