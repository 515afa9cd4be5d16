import type { Outlet } from "./actor.ts";
import type { Product } from "./catalog.ts";
import { asks, took, type Flow } from "./flow.ts";
import { mixed, type Random } from "./random.ts";
import { promoCodes, type Shop } from "./shop.ts";
import type { ShopAttributes } from "./shop-event.ts";
import type { Visitor } from "./visitor.ts";
import { PaymentNotice } from "./payment-notice.ts";

/** One in eleven payments is declined; a shop's share is 5 to 15 %. */
const declinedShare = 0.09;
const declineClasses = ["insufficient_funds", "do_not_honor", "expired_card", "insufficient_funds"] as const;

/** A cart on its way to an order: stock is reserved, a code applied, paid, placed. */
export class Purchase implements Flow {
  readonly #shop: Shop;
  readonly #visitor: Visitor;
  readonly #cart: readonly Product[];
  readonly #total: number;
  #next: "reserve" | "promo" | "pay" | "place" | "look" | "release" = "reserve";
  #reserved = 0;
  #codes: number;
  #payments = 0;
  #order = 0;

  constructor(shop: Shop, visitor: Visitor, cart: readonly Product[]) {
    this.#shop = shop;
    this.#visitor = visitor;
    this.#cart = cart;
    this.#total = Math.round(cart.reduce((sum, { price }) => sum + price, 0) * 100) / 100;
    const { random, mood } = shop;
    this.#codes = random.chance(mood.viralCode === undefined ? 0.15 : 0.7) ? 1 : 0;
  }

  step(now: number, outlet: Outlet): number {
    const { random } = this.#shop;
    switch (this.#next) {
      case "reserve":
        this.#reserve(outlet);
        if (this.#reserved < this.#cart.length) return 40 + random.below(160);
        this.#next = this.#codes > 0 ? "promo" : "pay";
        return 8_000 + random.wait(15_000);
      case "promo":
        this.#apply(outlet);
        if (--this.#codes <= 0) this.#next = "pay";
        return 4_000 + random.wait(8_000);
      case "pay":
        return this.#pay(now, outlet);
      case "place":
        this.#place(outlet);
        this.#next = "look";
        return 300 + random.below(900);
      case "look":
        this.#ask(outlet, asks("GET", `/api/orders/${this.#order}`, 200, took(random, 25, 200)));
        outlet.request();
        return 0;
      default:
        this.#ask(outlet, asks("DELETE", `/api/reservations/${this.#order}`, 204, took(random, 15, 80)));
        outlet.request();
        outlet.tell({ event: "stock.released", visitor: this.#visitor, attributes: { sku: this.#cart[0]!.sku } });
        return 0;
    }
  }

  #reserve(outlet: Outlet): void {
    if (this.#order === 0) this.#order = this.#shop.numbers.order++;
    const { sku } = this.#cart[this.#reserved++] as Product;
    this.#ask(outlet, asks("POST", "/api/reservations", 201, took(this.#shop.random, 30, 150)));
    outlet.exchange.outcome = "ok";
    outlet.request();
    if (outlet.exchange.status >= 500) return;
    outlet.tell({ event: "stock.reserved", visitor: this.#visitor, attributes: { sku, quantity: 1 } });
  }

  /** One in eight codes is mistyped or over; then the next one is tried. */
  #apply(outlet: Outlet): void {
    const { random, mood } = this.#shop;
    const isViral = mood.viralCode !== undefined;
    const isValid = !(isViral && mood.isUsedUp) && !random.chance(0.12);
    const known = mood.viralCode ?? random.pick(promoCodes);
    const promoCode = isValid || isViral ? known : `${known.slice(0, -1)}${random.below(10)}X`;
    const reason = isViral ? "used_up" : "unknown_code";
    this.#ask(outlet, asks("POST", "/api/cart/promo", isValid ? 200 : 422, took(random, 25, 100)));
    const { exchange } = outlet;
    exchange.outcome = isValid ? "ok" : "failed";
    const attributes: ShopAttributes = isValid ? { promoCode } : { promoCode, reason };
    exchange.attributes = attributes;
    outlet.request();
    outlet.tell({ event: isValid ? "promo.applied" : "promo.rejected", visitor: this.#visitor, attributes });
    if (!isValid && this.#codes === 1 && random.chance(0.4)) this.#codes = 2;
  }

  #pay(now: number, outlet: Outlet): number {
    const { random } = this.#shop;
    const isDeclined = random.chance(declinedShare);
    const status = isDeclined ? 402 : 200;
    this.#payments++;
    this.#ask(outlet, asks("POST", "/api/payments", status, took(random, 350, 2_400)));
    const { exchange } = outlet;
    const declineClass = isDeclined ? random.pick(declineClasses) : undefined;
    exchange.outcome = isDeclined ? "failed" : "ok";
    if (declineClass !== undefined) exchange.attributes = { declineClass };
    outlet.request();
    const amount = this.#total;
    const cardFingerprint = cardOf(this.#visitor, random, this.#payments);
    if (exchange.status >= 500 || exchange.status === 499) {
      outlet.tell({ event: "payment.failed", visitor: this.#visitor, attributes: { amount, provider: "psp-one" } });
      if (this.#payments < 4) return 1_500 + random.wait(4_000);
    } else if (declineClass === undefined) {
      const attributes = { amount, cardFingerprint, provider: "psp-one" };
      outlet.tell({ event: "payment.authorized", visitor: this.#visitor, attributes });
      outlet.enter(new PaymentNotice(this.#shop), now + 300 + random.wait(900));
      this.#next = "place";
      return 200 + random.below(600);
    } else {
      const attributes = { amount, cardFingerprint, declineClass, provider: "psp-one" };
      outlet.tell({ event: "payment.declined", visitor: this.#visitor, attributes });
      if (this.#payments < 3 && random.chance(0.7)) return 12_000 + random.wait(20_000);
    }
    this.#next = "release";
    return 20_000 + random.wait(60_000);
  }

  #place(outlet: Outlet): void {
    const { random } = this.#shop;
    this.#ask(outlet, asks("POST", "/api/checkout", 201, took(random, 80, 500)));
    const { exchange } = outlet;
    exchange.outcome = "ok";
    outlet.request();
    if (exchange.status >= 500) return;
    const attributes = { orderId: String(this.#order), amount: this.#total };
    outlet.tell({ event: "checkout.completed", visitor: this.#visitor, attributes });
    outlet.tell({ event: "order.created", visitor: this.#visitor, attributes });
  }

  #ask(outlet: Outlet, asked: Parameters<Outlet["exchange"]["begin"]>[1]): void {
    outlet.exchange.begin(this.#visitor, asked);
  }
}

/** Nearly everybody has one card, and another for when that is declined. */
export function cardOf(visitor: Visitor, random: Random, attempt: number): string {
  const owner = visitor.userId ?? visitor.clientKey;
  let hash = 7;
  for (let i = 0; i < owner.length; i++) hash = Math.imul(hash ^ owner.charCodeAt(i), 0x01000193);
  const card = attempt > 1 && random.chance(0.5) ? 2 : 1;
  return `k${mixed(hash, card).toString(16).padStart(8, "0")}`;
}
