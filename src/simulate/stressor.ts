import type { Actor } from "./actor.ts";
import type { LabelledEntity } from "./label.ts";
import type { Random } from "./random.ts";
import type { Condition, Shop } from "./shop.ts";

/** Something harmless that looks like an attack. */
export interface StressorKind {
  readonly id: string;
  readonly title: string;
  /** How long it goes on; shorter in a short run. `Infinity`: all the time. */
  readonly lastsMs: number;
  /** Detectors that say no more of it than what it is; none, unless given. */
  readonly mayTell?: readonly string[];
  readonly begin: (stage: StressorStage) => Stressor;
}

export interface StressorStage {
  readonly shop: Shop;
  /** Of this stressor alone. */
  readonly random: Random;
  readonly start: number;
  readonly end: number;
  /** Benign requests a second, on average over the run. */
  readonly rate: number;
}

/** Who takes part. */
export interface Stressor {
  /** Where they are few enough to be named. */
  readonly entities?: readonly LabelledEntity[];
  readonly actors: readonly { readonly actor: Actor; readonly at: number }[];
}

/** Something that is so from its first act to its second. */
export function phase(until: number, { begin, end }: { begin: () => void; end: () => void }): Actor {
  let isOn = false;
  return {
    act() {
      if (isOn) {
        end();
        return Infinity;
      }
      isOn = true;
      begin();
      return until;
    },
  };
}

/** A condition that holds from the actor's first act to its second. */
export function spell(conditions: Condition[], until: number, condition: Condition): Actor {
  return phase(until, {
    begin: () => void conditions.push(condition),
    end: () => void conditions.splice(conditions.indexOf(condition), 1),
  });
}
