import type { Actor } from "./actor.ts";
import type { Outage } from "./attack.ts";
import type { Exchange } from "./exchange.ts";
import type { FloorGauge } from "./floor-gauge.ts";
import type { Condition, Shop, Witness } from "./shop.ts";

/** An outage under way: fails its share of requests, evenly, and keeps what the label needs. */
export class Disturbance implements Actor, Condition, Witness {
  readonly #outage: Outage;
  readonly #shop: Pick<Shop, "conditions" | "witnesses">;
  readonly #span: { readonly start: number; readonly end: number };
  #isWatching = false;
  #isOn = false;
  /** What it changed itself is nobody else's. */
  #hasChanged = false;
  /** Grows by the share with each request; a whole one is a failure. */
  #due = 0;
  readonly gauge: FloorGauge;
  first: number | undefined;
  last = 0;
  requests = 0;
  readonly shopEvents = 0;

  constructor(
    outage: Outage,
    parts: { gauge: FloorGauge; shop: Pick<Shop, "conditions" | "witnesses">; start: number; end: number },
  ) {
    this.#outage = outage;
    this.#shop = parts.shop;
    this.#span = parts;
    this.gauge = parts.gauge;
  }

  /** Where it has to stand out from what is usual, that is watched before. */
  get begins(): number {
    return this.#span.start - (this.#outage.beside?.overMs ?? 0);
  }

  /** Begins, and ends. */
  act(now: number): number {
    const { conditions, witnesses } = this.#shop;
    if (this.#outage.beside && !this.#isWatching) {
      this.#isWatching = true;
      witnesses.push(this);
    }
    if (now < this.#span.start) return this.#span.start;
    if (!this.#isOn) {
      this.#isOn = true;
      conditions.push(this);
      return this.#span.end;
    }
    conditions.splice(conditions.indexOf(this), 1);
    if (this.#isWatching) witnesses.splice(witnesses.indexOf(this), 1);
    return Infinity;
  }

  saw(exchange: Exchange, now: number): void {
    const { concerns, joins } = this.#outage.beside!;
    if (!this.#hasChanged && concerns(exchange)) this.gauge.addUsual(now);
    if (!this.#hasChanged && this.#isOn && joins?.(exchange)) this.gauge.add(now, true);
    this.#hasChanged = false;
  }

  change(exchange: Exchange, now: number): void {
    this.#hasChanged = false;
    if (!this.#outage.concerns(exchange)) return;
    this.#due += this.#outage.share;
    const fails = this.#due >= 1 && this.requests < (this.#outage.most ?? Infinity);
    if (this.#due >= 1) this.#due -= 1;
    if (fails) {
      this.#outage.change(exchange);
      this.#hasChanged = true;
      this.first ??= now;
      this.last = now;
      this.requests++;
    }
    this.gauge.add(now, fails);
  }
}
