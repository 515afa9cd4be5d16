import { noContext } from "./judge-context.ts";
import type { Figure } from "./judge.ts";
import type { ActiveDetector } from "./plan.ts";

/** Made-up figures that it is asked with; enough that conditions which depend on each other are met now and then. */
const tries = 400;

/**
 * Which of these parameters are floors: the higher, the less the detector fires. It is asked with made-up
 * figures, always the same ones, once with a lower and once with a higher value of each. What decides
 * nothing there, or is a limit from which on it does not fire, is none.
 */
export function floorParameters(detector: ActiveDetector, parameters: readonly string[]): string[] {
  const { definition, params } = detector;
  const draw = randomFrom(1);
  const sizes = parameters.map((parameter) => Number(params[parameter]));
  const votes = parameters.map(() => ({ floor: 0, limit: 0 }));
  for (let i = 0; i < tries; i++) {
    const figures = madeUpFigures(definition.counters, { sizes, draw });
    const firesAt = (parameter: string, value: number) => {
      try {
        return definition.fires(figures as never, { ...params, [parameter]: value }, noContext);
      } catch {
        return undefined;
      }
    };
    parameters.forEach((parameter, p) => {
      const low = firesAt(parameter, sizes[p]! / 4);
      const high = firesAt(parameter, sizes[p]! * 4);
      if (low === true && high === false) votes[p]!.floor++;
      if (low === false && high === true) votes[p]!.limit++;
    });
  }
  return parameters.filter((_, p) => votes[p]!.floor > 0 && votes[p]!.limit === 0);
}

// helpers

function madeUpFigures(
  counters: ActiveDetector["definition"]["counters"],
  { sizes, draw }: { readonly sizes: readonly number[]; readonly draw: () => number },
): Record<string, Figure> {
  /** About as large as one of the thresholds: a hundredth to twenty times as much, or nothing. */
  const number = () => {
    const size = sizes[Math.floor(draw() * sizes.length)] ?? 1;
    return draw() < 0.15 ? 0 : Math.round(size * 20 ** (3 * draw() - 2));
  };
  const figures: Record<string, Figure> = {};
  for (const [name, { kind }] of Object.entries(counters)) {
    if (kind === "firstSeen") figures[name] = { new: number(), known: number() };
    else if (kind === "distinct" || kind === "quantile") figures[name] = { known: draw() < 0.8, value: number() };
    else figures[name] = kind === "last" ? [] : number();
  }
  return figures;
}

/** Numbers from 0 until before 1, the same for the same seed: a linear congruence with the constants of Numerical Recipes. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
