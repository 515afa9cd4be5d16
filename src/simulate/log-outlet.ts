import type { Actor, Outlet } from "./actor.ts";
import type { EventQueue } from "./event-queue.ts";
import { Exchange } from "./exchange.ts";
import { mixed } from "./random.ts";
import type { Condition } from "./shop.ts";
import type { ShopEvent } from "./shop-event.ts";
import type { SimulatedRecord } from "./simulation.ts";
import type { Writer } from "./writer.ts";

/** Writes down what actors do. */
export class LogOutlet implements Outlet {
  readonly exchange = new Exchange();
  /** Lines since they were last taken. */
  records: SimulatedRecord[] = [];
  requests = 0;
  shopEvents = 0;
  readonly #queue: EventQueue<Actor>;
  readonly #writer: Writer;
  readonly #conditions: readonly Condition[];
  readonly #seed: number;

  constructor(options: { queue: EventQueue<Actor>; writer: Writer; conditions: readonly Condition[]; seed: number }) {
    this.#queue = options.queue;
    this.#writer = options.writer;
    this.#conditions = options.conditions;
    this.#seed = options.seed;
  }

  request(): void {
    const { exchange } = this;
    const { now } = this.#queue;
    exchange.time = now;
    const conditions = this.#conditions;
    for (let i = 0; i < conditions.length; i++) conditions[i]!.change(exchange, now);
    if (exchange.isLost) return;
    exchange.requestId = requestId(this.#seed, this.requests++);
    this.records.push({ time: now, line: this.#writer.request(exchange), isShopEvent: false });
  }

  tell(event: ShopEvent): void {
    if (this.#writer.shopEvent === undefined) return;
    this.shopEvents++;
    const time = this.#queue.now;
    this.records.push({ time, line: this.#writer.shopEvent(event, time), isShopEvent: true });
  }

  enter(actor: Actor, time: number): void {
    this.#queue.add(time, actor);
  }
}

// helpers

const hex4 = Array.from({ length: 65_536 }, (_, n) => n.toString(16).padStart(4, "0"));

/** 32 hexadecimal digits, for each number others. */
function requestId(seed: number, n: number): string {
  const a = mixed(seed, n);
  const b = mixed(a, n);
  return `${hex4[a >>> 16]}${hex4[a & 0xffff]}${hex4[b >>> 16]}${hex4[b & 0xffff]}${hex4[(a ^ n) & 0xffff]}${hex4[n >>> 16]}${hex4[n & 0xffff]}${hex4[(b ^ n) & 0xffff]}`;
}
