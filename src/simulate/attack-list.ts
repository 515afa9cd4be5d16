import type { AttackKind } from "./attack.ts";
import { accountAttacks } from "./attacks/accounts.ts";
import { moneyAttacks } from "./attacks/money.ts";
import { outages } from "./attacks/outages.ts";
import { probeAttacks } from "./attacks/probes.ts";
import { signInAttacks } from "./attacks/sign-ins.ts";
import { volumeAttacks } from "./attacks/volume.ts";

/** Every attack and outage that can be simulated. */
export const attackList: readonly AttackKind[] = [
  ...signInAttacks,
  ...accountAttacks,
  ...moneyAttacks,
  ...probeAttacks,
  ...volumeAttacks,
  ...outages,
];

export const attackIds: readonly string[] = attackList.map(({ id }) => id);
