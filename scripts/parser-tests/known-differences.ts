import type { Comparison } from "./compare-case.ts";

/** A difference that is meant, and why. */
export interface KnownDifference {
  readonly reason: string;
  readonly holds: (comparison: Comparison) => boolean;
}

/** Whatever differs and is none of these is a mistake. */
export const knownDifferences: readonly KnownDifference[] = [];
