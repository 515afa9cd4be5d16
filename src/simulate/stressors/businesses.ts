import type { Actor, Outlet } from "../actor.ts";
import { asks, took } from "../flow.ts";
import { dataCentres, homes } from "../places.ts";
import { Purchase } from "../purchase.ts";
import type { Random } from "../random.ts";
import { partners } from "../regulars.ts";
import type { Product } from "../catalog.ts";
import type { Shop } from "../shop.ts";
import type { StressorKind } from "../stressor.ts";
import { laptopBrowsers } from "../user-agents.ts";
import { addressV4, aVisitor, type Visitor } from "../visitor.ts";

const minute = 60_000;

/** Companies that ask for much, and may. */
export const businessStressors: readonly StressorKind[] = [
  {
    id: "partner-batch",
    title: "A partner brings its whole stock up to date",
    lastsMs: 15 * minute,
    begin: ({ shop, random, start, end }) => {
      const visitor = partners[0]!;
      const actor = new Reader(random, visitor, {
        end,
        meanMs: 80,
        ask: (i) => {
          const { sku, path } = shop.catalog.products[i % shop.catalog.products.length]!;
          return i % 5 === 0 ? ["GET", path, 200] : ["PUT", `/partner/v1/stock/${sku}`, 204];
        },
      });
      return {
        entities: [
          { scope: "apiKey", value: visitor.apiKey! },
          { scope: "ip", value: visitor.ip },
        ],
        actors: [{ actor, at: start }],
      };
    },
  },
  {
    id: "price-comparison",
    title: "A site that compares prices reads the catalogue, and says who it is",
    lastsMs: Infinity,
    mayTell: ["scraping", "slow-scraping"],
    begin: ({ shop, random, start, end }) => {
      const { products } = shop.catalog;
      const ask = (i: number) => ["GET", products[(i * 3) % products.length]!.path, 200] as const;
      const actor = new Reader(random, priceBot, { end, meanMs: 2_200, ask });
      return { entities: [{ scope: "ip", value: priceBot.ip }], actors: [{ actor, at: start + random.below(minute) }] };
    },
  },
  {
    id: "b2b-buyer",
    title: "A company orders two hundred articles",
    lastsMs: 12 * minute,
    begin: ({ shop, random, start }) => ({
      entities: [
        { scope: "user", value: "b2b-1" },
        { scope: "ip", value: companyAddress.ip },
      ],
      actors: [{ actor: new Buyer(shop, random), at: start }],
    }),
  },
];

// helpers

type Ask = (i: number) => readonly [method: string, target: string, status: number];

/** Asks for one thing after the other. */
class Reader implements Actor {
  readonly #random: Random;
  readonly #visitor: Visitor;
  readonly #ask: Ask;
  readonly #end: number;
  readonly #meanMs: number;
  #i = 0;

  constructor(random: Random, visitor: Visitor, of: { end: number; meanMs: number; ask: Ask }) {
    this.#random = random;
    this.#visitor = visitor;
    this.#ask = of.ask;
    this.#end = of.end;
    this.#meanMs = of.meanMs;
  }

  act(now: number, outlet: Outlet): number {
    if (now >= this.#end) return Infinity;
    const [method, target, status] = this.#ask(this.#i++);
    outlet.exchange.begin(this.#visitor, asks(method, target, status, took(this.#random, 8, 60)));
    if (method !== "GET") outlet.exchange.outcome = "ok";
    outlet.request();
    return now + this.#random.wait(this.#meanMs);
  }
}

const articles = 200;
const companyAddress = addressV4([198, 19, 174], 3);

/** Puts each article into the cart, and buys them all. */
class Buyer implements Actor {
  readonly #shop: Shop;
  readonly #random: Random;
  readonly #visitor: Visitor;
  readonly #cart: Product[] = [];
  #purchase: Purchase | undefined;

  constructor(shop: Shop, random: Random) {
    this.#shop = shop;
    this.#random = random;
    this.#visitor = aVisitor({
      ...{ address: companyAddress, userAgent: laptopBrowsers[1]!, place: homes[3]!, deviceId: "d-b2b1" },
      ...{ userId: "b2b-1", sessionId: "s-b2b1", role: "b2b" },
    });
  }

  act(now: number, outlet: Outlet): number {
    if (this.#purchase === undefined) {
      const product = this.#shop.catalog.products[1_000 + 17 * this.#cart.length]!;
      this.#cart.push(product);
      outlet.exchange.begin(this.#visitor, asks("POST", "/api/cart/items", 201, took(this.#random, 18, 60)));
      outlet.exchange.outcome = "ok";
      outlet.request();
      const attributes = { sku: product.sku, quantity: this.#random.between(5, 60), price: product.price };
      outlet.tell({ event: "cart.item_added", visitor: this.#visitor, attributes });
      if (this.#cart.length === articles) this.#purchase = new Purchase(this.#shop, this.#visitor, this.#cart);
      return now + 600 + this.#random.wait(1_200);
    }
    const wait = this.#purchase.step(now, outlet);
    return wait > 0 ? now + wait : Infinity;
  }
}

const priceBot = aVisitor({
  address: addressV4([198, 19, 172], 50),
  userAgent: "Mozilla/5.0 (compatible; PriceHound/1.4; +https://pricehound.example/bot)",
  place: dataCentres[1]!,
});
