import { endpointClasses } from "../normalize/access-event.ts";
import type { DetectorSet } from "./detector-sets.ts";
import type { Sample } from "./sample.ts";
import type { SaveExtent } from "./save-extent.ts";
import { SampleRing, type SavedSamples } from "./sample-ring.ts";

/** Rings that a number of 32 bits can tell apart beside the 27 that are a ring's own. */
const rings = 32;

/** Samples of quiet rows as plain data, by ring. */
export type SavedRings = readonly SavedSamples[];

/**
 * Samples of quiet rows: of each class of endpoints the newest so many, so that nobody's page views take the
 * place of sign-ins. They are addressed by a number, which says in its last bits whose ring it is.
 */
export class Samples {
  readonly #rings: readonly SampleRing[];
  readonly #ringOf: ReadonlyMap<string | undefined, number> = new Map(endpointClasses.map((name, i) => [name, i]));

  /** `perClass` is rounded up to a power of two. */
  constructor(perClass: number) {
    this.#rings = endpointClasses.map(() => new SampleRing(perClass));
  }

  /** Memory of what is kept, without texts that samples share. */
  get bytes(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.bytes, 0);
  }

  /** Keeps a sample, once for all rows that are given it one after the other; never 0, which stands for none. */
  put(sample: Sample): number {
    const ring = this.#ringOf.get(sample.event.endpointClass) ?? endpointClasses.indexOf("other");
    return this.#rings[ring]!.put(sample) * rings + ring;
  }

  /** `undefined` once newer ones have taken its place, and of a number that none has yet. */
  get(number: number): Sample | undefined {
    return this.#rings[number % rings]?.get(Math.floor(number / rings));
  }

  save(extent: SaveExtent = "whole"): SavedRings {
    return this.#rings.map((ring) => ring.save(extent));
  }

  /**
   * Goes on from what was saved, with the same numbers; `setOf`: the detectors as they are numbered now; `before`: what
   * it are changes of.
   */
  load(saved: SavedRings, setOf: (set: DetectorSet) => DetectorSet, before: readonly SavedRings[] = []): void {
    for (const [i, ring] of this.#rings.entries())
      if (saved[i]) ring.load(saved[i], setOf, before.flatMap((one) => one[i] ?? [])); // prettier-ignore
  }
}
