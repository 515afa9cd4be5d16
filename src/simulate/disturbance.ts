import type { Actor } from "./actor.ts";
import type { Outage } from "./attack.ts";
import type { Exchange } from "./exchange.ts";
import type { FloorGauge } from "./floor-gauge.ts";
import type { Condition } from "./shop.ts";

/** An outage under way: fails its share of requests, evenly, and keeps what the label needs. */
export class Disturbance implements Actor, Condition {
  readonly #outage: Outage;
  readonly #conditions: Condition[];
  readonly #end: number;
  #isOn = false;
  /** Grows by the share with each request; a whole one is a failure. */
  #due = 0;
  readonly gauge: FloorGauge;
  first: number | undefined;
  last = 0;
  requests = 0;
  readonly shopEvents = 0;

  constructor(outage: Outage, parts: { gauge: FloorGauge; conditions: Condition[]; end: number }) {
    this.#outage = outage;
    this.#conditions = parts.conditions;
    this.#end = parts.end;
    this.gauge = parts.gauge;
  }

  /** Begins, and ends. */
  act(): number {
    if (!this.#isOn) {
      this.#isOn = true;
      this.#conditions.push(this);
      return this.#end;
    }
    const at = this.#conditions.indexOf(this);
    if (at >= 0) this.#conditions.splice(at, 1);
    return Infinity;
  }

  change(exchange: Exchange, now: number): void {
    if (!this.#outage.concerns(exchange)) return;
    this.#due += this.#outage.share;
    const fails = this.#due >= 1 && this.requests < (this.#outage.most ?? Infinity);
    if (this.#due >= 1) this.#due -= 1;
    if (fails) {
      this.#outage.change(exchange);
      this.first ??= now;
      this.last = now;
      this.requests++;
    }
    this.gauge.add(now, fails);
  }
}
