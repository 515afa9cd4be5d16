import type { Actor, Outlet } from "./actor.ts";
import type { Attack, Scene } from "./attack.ts";
import type { FloorGauge } from "./floor-gauge.ts";

/** How much a step may be late, as a share of the time between two. */
const jitter = 0.6;

/** Counters of what was sent, as an outlet has them. */
export interface Sent {
  readonly requests: number;
  readonly shopEvents: number;
}

/** Does an attack's steps at their times, a little irregularly, and keeps what the label needs. */
export class Campaign implements Actor {
  readonly #scene: Scene;
  readonly #attack: Attack;
  readonly #sent: Sent;
  readonly #spacing: number;
  #next = 0;
  #nextAt: number;
  readonly gauge: FloorGauge;
  first: number | undefined;
  last = 0;
  requests = 0;
  shopEvents = 0;

  constructor(scene: Scene, attack: Attack, parts: { gauge: FloorGauge; sent: Sent }) {
    this.#scene = scene;
    this.#attack = attack;
    this.#sent = parts.sent;
    this.gauge = parts.gauge;
    this.#spacing = scene.lastsMs / scene.total;
    this.#nextAt = this.#timeOf(0);
  }

  get begins(): number {
    return this.#nextAt;
  }

  act(now: number, outlet: Outlet): number {
    const { requests, shopEvents } = this.#sent;
    while (this.#next < this.#scene.total && this.#nextAt <= now) {
      const step = this.#next++;
      this.#attack.step(step, now, outlet);
      if (this.#attack.isCounted?.(step) !== false) this.gauge.add(now, true);
      this.#nextAt = this.#timeOf(this.#next);
    }
    this.first ??= now;
    this.last = now;
    this.requests += this.#sent.requests - requests;
    this.shopEvents += this.#sent.shopEvents - shopEvents;
    return this.#next < this.#scene.total ? this.#nextAt : Infinity;
  }

  #timeOf(step: number): number {
    const { start, random } = this.#scene;
    const own = this.#attack.at?.(step);
    if (own !== undefined) return start + Math.floor(own);
    return start + Math.floor((step + random.fraction() * jitter) * this.#spacing);
  }
}
