import type { Actor, Outlet } from "./actor.ts";
import { CustomerSession } from "./customer-session.ts";
import { activity } from "./rhythm.ts";
import type { Shop } from "./shop.ts";

/** New visitors come in ticks of this. */
const tickMs = 10;
/** The time of day is looked at so often. */
const rhythmMs = 60_000;
/** Measured over a million requests: what one visit brings, the payment provider's calls included, and how long it lasts. */
const requestsPerVisit = 20.5;
const visitMs = 104_000;

/** Lets visitors in: more in the evening than at night, and on average as many as make the rate. */
export class Crowd implements Actor {
  readonly #shop: Shop;
  /** Visits a millisecond where the activity is 1. */
  readonly #perMs: number;
  #share = 0;
  #shareUntil = 0;

  /** `rate`: requests a second on average over the run; `meanActivity`: the average of `activity` over it. */
  constructor(shop: Shop, options: { rate: number; meanActivity: number }) {
    this.#shop = shop;
    this.#perMs = options.rate / 1000 / requestsPerVisit / options.meanActivity;
  }

  /** Those who are there when the simulation begins. */
  open(start: number, outlet: Outlet): void {
    const { random } = this.#shop;
    const there = Math.round(this.#perMs * activity(start) * visitMs);
    for (let i = 0; i < there; i++) this.#letIn(outlet, { at: start + random.wait(6_500), isMidway: true });
  }

  act(now: number, outlet: Outlet): number {
    if (now >= this.#shareUntil) {
      this.#share = activity(now);
      this.#shareUntil = now + rhythmMs;
    }
    const { random } = this.#shop;
    const coming = Math.floor(this.#perMs * this.#share * tickMs + random.fraction());
    for (let i = 0; i < coming; i++) this.#letIn(outlet, { at: now + random.below(tickMs), isMidway: false });
    return now + tickMs;
  }

  #letIn(outlet: Outlet, { at, isMidway }: { at: number; isMidway: boolean }): void {
    const { random, people } = this.#shop;
    const person = random.below(people.count);
    const visitor = people.visit(person, random, at);
    // On the way to a holiday: somebody else comes.
    if (visitor === undefined) return;
    const session = isMidway
      ? CustomerSession.midway(this.#shop, visitor, person)
      : new CustomerSession(this.#shop, visitor, person);
    outlet.enter(session, at);
  }
}
