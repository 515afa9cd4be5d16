import type { Customers, Standing } from "../detect/customers.ts";
import type { Target } from "../detect/detection.ts";
import { hash32 } from "../detect/hash.ts";
import type { CustomerCounts } from "../detect/trial-report.ts";

/** Beyond so many different ones, each that comes counts: nobody reads such a list as one of single persons any more. */
const maxSeen = 2_048;

/** A target, and the time before which it counts as a customer, epoch ms. */
export interface SinceTarget {
  readonly target: Target;
  readonly since: number;
}

/** How many different targets there were over weeks, and how many of them were customers when they were counted. */
export class TargetTally {
  readonly #seen: Set<number>;
  #all: number;
  #bought: number;
  #signedIn: number;

  constructor(saved?: SavedTally) {
    this.#seen = new Set(saved?.seen);
    this.#all = saved?.all ?? 0;
    this.#bought = saved?.bought ?? 0;
    this.#signedIn = saved?.signedIn ?? 0;
  }

  /** Answers what speaks for its being a customer. */
  add({ target, since }: SinceTarget, customers: Pick<Customers, "of">): Standing | undefined {
    const standing = customers.of(target, since);
    const name = hash32(`${target.scope} ${target.value}`);
    if (this.#seen.has(name)) return standing;
    if (this.#seen.size < maxSeen) this.#seen.add(name);
    this.#all++;
    if (standing === "bought") this.#bought++;
    if (standing === "signedIn") this.#signedIn++;
    return standing;
  }

  /** With others that are not settled yet. */
  countsWith(others: Iterable<SinceTarget>, customers: Pick<Customers, "of">): CustomerCounts {
    const sum = new TargetTally(this.save());
    for (const other of others) sum.add(other, customers);
    return { all: sum.#all, bought: sum.#bought, signedIn: sum.#signedIn };
  }

  save(): SavedTally {
    return {
      seen: Uint32Array.from(this.#seen),
      ...{ all: this.#all, bought: this.#bought, signedIn: this.#signedIn },
    };
  }
}

export interface SavedTally extends CustomerCounts {
  readonly seen: Uint32Array;
}
