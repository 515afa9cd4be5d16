import type { PairScore, RunName, RunScore, Wrong } from "./run-score.ts";

/** What to look at: each with the run it was in, so that it can be simulated again. */
export interface ScoreLists {
  /** Attacks that a detector should have found, and did not, or not wholly. */
  readonly missed: readonly (RunName & PairScore)[];
  readonly wrongDetections: readonly (RunName & Wrong)[];
  readonly wrongBlocks: readonly (RunName & Wrong)[];
  /** Attacks that were asked for and did not take place, or never reached their floor; each once. */
  readonly notSimulated: readonly string[];
}

export function listsOf(runs: readonly RunScore[]): ScoreLists {
  const named = <T>(pick: (run: RunScore) => readonly T[]): (RunName & T)[] =>
    runs.flatMap((run) => {
      const { seed, intensity, kind, scene } = run;
      return pick(run).map((item) => ({ seed, intensity, kind, scene, ...item }));
    });
  return {
    missed: named(({ pairs }) => pairs).filter(({ intensity, found, expected }) => intensity > 1 && found < expected),
    wrongDetections: named(({ wrong }) => wrong),
    wrongBlocks: named(({ wrongBlocks }) => wrongBlocks),
    notSimulated: [
      ...new Set(
        runs.flatMap((run) => [
          ...run.skipped,
          ...run.uncrossed.map(
            (kind) =>
              `${kind}: ${run.intensity < 1 ? "it reached its floor at" : "it never reached its floor at"} ${run.intensity} times`,
          ),
        ]),
      ),
    ].sort(),
  };
}
