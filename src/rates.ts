import type { Clock } from "./clock.ts";

/** Seconds a rate is taken over. */
const spanSeconds = 10;

/** How many a second, over the last ten seconds, by name. Names come from the configuration. */
export class Rates {
  readonly #clock: Clock;
  readonly #counts = new Map<string, { second: number[]; count: number[] }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(name: string, count: number): void {
    const ring = this.#counts.get(name) ?? { second: [], count: [] };
    this.#counts.set(name, ring);
    const now = this.#second();
    const at = now % spanSeconds;
    if (ring.second[at] !== now) {
      ring.second[at] = now;
      ring.count[at] = 0;
    }
    ring.count[at]! += count;
  }

  perSecond(name: string): number {
    const ring = this.#counts.get(name);
    if (!ring) return 0;
    const oldest = this.#second() - spanSeconds;
    let total = 0;
    ring.second.forEach((second, at) => (total += second > oldest ? ring.count[at]! : 0));
    return Math.round((total / spanSeconds) * 10) / 10;
  }

  #second(): number {
    return Math.floor(this.#clock.monotonic() / 1000);
  }
}
