import type { Actor, Outlet } from "./actor.ts";
import { asks, took } from "./flow.ts";
import type { Shop } from "./shop.ts";
import { addressV4, aVisitor } from "./visitor.ts";

/** The payment provider tells the shop of a payment, signed, from one of its two addresses. */
export class PaymentNotice implements Actor {
  readonly #shop: Shop;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  act(_now: number, outlet: Outlet): number {
    const { random } = this.#shop;
    outlet.exchange.begin(random.pick(providerHosts), asks("POST", "/webhooks/psp", 200, took(random, 8, 60)));
    outlet.exchange.outcome = "ok";
    outlet.request();
    return Infinity;
  }
}

/** Where the payment provider calls from. */
export const providerHosts = [1, 2].map((n) =>
  aVisitor({
    address: addressV4([198, 19, 173], n),
    userAgent: "psp-one-webhooks/2.4",
    place: { country: "IE", asn: 64524, latitude: 53.35, longitude: -6.26 },
  }),
);
