import type { Actor, Outlet } from "./actor.ts";
import type { Attack, Scene } from "./attack.ts";
import type { Exchange } from "./exchange.ts";
import type { FloorGauge } from "./floor-gauge.ts";
import type { Shop, Witness } from "./shop.ts";

/** How much a step may be late, as a share of the time between two. */
const jitter = 0.6;

/** Counters of what was sent, as an outlet has them. */
export interface Sent {
  readonly requests: number;
  readonly shopEvents: number;
}

/** Does an attack's steps at their times, a little irregularly, and keeps what the label needs. */
export class Campaign implements Actor, Witness {
  readonly #scene: Scene;
  readonly #attack: Attack;
  readonly #sent: Sent;
  readonly #shop: Pick<Shop, "witnesses" | "mood">;
  readonly #spacing: number;
  #next = 0;
  #nextAt: number;
  #isActing = false;
  #isWatching = false;
  readonly gauge: FloorGauge;
  first: number | undefined;
  last = 0;
  requests = 0;
  shopEvents = 0;

  constructor(scene: Scene, attack: Attack, parts: { gauge: FloorGauge; sent: Sent }) {
    this.#scene = scene;
    this.#attack = attack;
    this.#sent = parts.sent;
    this.#shop = scene.shop;
    this.gauge = parts.gauge;
    this.#spacing = scene.lastsMs / scene.total;
    this.#nextAt = this.#timeOf(0);
  }

  /** Where it has to stand out from others, they are watched before. */
  get begins(): number {
    const { beside } = this.#attack;
    return beside ? this.#nextAt - (beside.overMs ?? this.#scene.windowMs) : this.#nextAt;
  }

  act(now: number, outlet: Outlet): number {
    const { witnesses, mood } = this.#shop;
    if (this.#attack.beside && !this.#isWatching) {
      this.#isWatching = true;
      witnesses.push(this);
    }
    if (now < this.#nextAt) return this.#nextAt;
    const { requests, shopEvents } = this.#sent;
    this.#isActing = mood.isAttacked = true;
    while (this.#next < this.#scene.total && this.#nextAt <= now) {
      const step = this.#next++;
      this.#attack.step(step, now, outlet);
      const isCounted = this.#attack.isCounted?.(step) !== false && !outlet.exchange.isChanged;
      if (isCounted) this.gauge.add(now, true);
      this.#nextAt = this.#timeOf(this.#next);
    }
    this.#isActing = mood.isAttacked = false;
    this.first ??= now;
    this.last = now;
    this.requests += this.#sent.requests - requests;
    this.shopEvents += this.#sent.shopEvents - shopEvents;
    if (this.#next < this.#scene.total) return this.#nextAt;
    if (this.#isWatching) witnesses.splice(witnesses.indexOf(this), 1);
    return Infinity;
  }

  /** What everybody else does. */
  saw(exchange: Exchange, now: number): void {
    if (this.#isActing) return;
    const { concerns, joins } = this.#attack.beside!;
    if (!this.#shop.mood.isAttacked) {
      if (concerns(exchange)) this.gauge.addUsual(now);
    } else if (this.first !== undefined && joins?.(exchange)) this.gauge.add(now, true);
  }

  #timeOf(step: number): number {
    const { start, random } = this.#scene;
    const own = this.#attack.at?.(step);
    if (own !== undefined) return start + Math.floor(own);
    return start + Math.floor((step + random.fraction() * jitter) * this.#spacing);
  }
}
