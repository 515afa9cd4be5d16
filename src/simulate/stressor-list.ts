import type { Actor } from "./actor.ts";
import type { StressorLabel } from "./label.ts";
import { Random } from "./random.ts";
import type { Shop } from "./shop.ts";
import type { SimulationOptions } from "./simulation.ts";
import type { StressorKind } from "./stressor.ts";
import { businessStressors } from "./stressors/businesses.ts";
import { crowdStressors } from "./stressors/crowds.ts";
import { deviceStressors } from "./stressors/devices.ts";
import { troubleStressors } from "./stressors/troubles.ts";

/** Everything harmless that looks like an attack. NATs, VPNs, families and travellers are there anyway. */
export const stressorList: readonly StressorKind[] = [
  ...crowdStressors,
  ...deviceStressors,
  ...businessStressors,
  ...troubleStressors,
];

/** Ids of stressors; a payment outage is an incident as well, and labelled as one. */
export const stressorIds: readonly string[] = [...stressorList.map(({ id }) => id), "payment-outage"];

/** None takes more than so much of a run. */
const longestShare = 0.3;

/** Spreads the stressors over the run. */
export function planStressors(
  kinds: readonly StressorKind[],
  { options, shop }: { options: SimulationOptions; shop: Shop },
): { readonly label: StressorLabel; readonly actors: readonly { actor: Actor; at: number }[] }[] {
  const { seed, durationMs, rate } = options;
  return kinds.map((kind) => {
    const random = new Random(seed, `stressor ${kind.id}`);
    const isAlways = kind.lastsMs === Infinity;
    const lastsMs = isAlways ? durationMs : Math.min(kind.lastsMs, Math.floor(durationMs * longestShare));
    const start = options.start + (isAlways ? 0 : random.below(Math.max(1, durationMs - lastsMs)));
    const end = start + lastsMs;
    const { entities = [], actors } = kind.begin({ shop, random, start, end, rate });
    return { label: { kind: kind.id, mayTell: kind.mayTell ?? [], entities, start, end }, actors };
  });
}
