import type { Actor, Outlet } from "./actor.ts";
import type { EventQueue } from "./event-queue.ts";
import { Exchange } from "./exchange.ts";
import { mixed } from "./random.ts";
import type { Condition, Witness } from "./shop.ts";
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
  readonly #witnesses: readonly Witness[];
  readonly #ids: RequestIds;

  constructor(options: {
    queue: EventQueue<Actor>;
    writer: Writer;
    conditions: readonly Condition[];
    witnesses: readonly Witness[];
    seed: number;
  }) {
    this.#queue = options.queue;
    this.#writer = options.writer;
    this.#conditions = options.conditions;
    this.#witnesses = options.witnesses;
    this.#ids = new RequestIds(options.seed);
  }

  request(): void {
    const { exchange } = this;
    const { now } = this.#queue;
    exchange.time = now;
    const conditions = this.#conditions;
    if (conditions.length > 0) {
      const { status, target } = exchange;
      for (let i = 0; i < conditions.length; i++) conditions[i]!.change(exchange, now);
      exchange.isChanged = exchange.isLost || exchange.status !== status || exchange.target !== target;
      if (exchange.isLost) return;
    }
    const witnesses = this.#witnesses;
    for (let i = 0; i < witnesses.length; i++) witnesses[i]!.saw(exchange, now);
    exchange.requestId = this.#ids.next();
    this.requests++;
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

/** 32 hexadecimal digits, for each number others; the first 24 stay for 65,536 of them. */
class RequestIds {
  readonly #seed: number;
  #prefix = "";
  #n = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  next(): string {
    const n = this.#n++;
    const low = n & 0xffff;
    if (low === 0) {
      const words = [1, 2, 3].map((i) => mixed(this.#seed + i, n));
      this.#prefix = words.map((word) => word.toString(16).padStart(8, "0")).join("");
    }
    return this.#prefix + hex4[Math.imul(n, 40_503) & 0xffff]! + hex4[low]!;
  }
}
