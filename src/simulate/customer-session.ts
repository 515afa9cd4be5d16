import type { Actor, Outlet } from "./actor.ts";
import type { Product } from "./catalog.ts";
import { asks, took, type Flow } from "./flow.ts";
import { Purchase } from "./purchase.ts";
import { mixed } from "./random.ts";
import type { Shop } from "./shop.ts";
import { SignIn, signedIn } from "./sign-in.ts";
import { SignUp } from "./sign-up.ts";
import type { Visitor } from "./visitor.ts";

/** How long people look at a page, on average. */
const thinkMs = 6_500;
/** After each page so many leave. */
const leaveShare = 0.075;
/** In the range of what a page leads to the till by. */
const buys = 0.92;
const scripts = ["/static/app-7c2f.js", "/static/shop-19ab.css", "/static/logo.svg", "/static/font-4.woff2"];

/** One visit of one customer. What comes next depends on little, so that a visit can be joined at any point. */
export class CustomerSession implements Actor {
  readonly #shop: Shop;
  readonly #person: number;
  readonly #visitor: Visitor;
  readonly #isApp: boolean;
  readonly #cart: Product[] = [];
  #flow: Flow | undefined;
  /** Bought, or gave up at the till: soon gone. */
  #isDone = false;
  #isHurried = false;
  /** The page's second request. */
  #follow: string | undefined;
  #started = false;

  constructor(shop: Shop, visitor: Visitor, person: number) {
    this.#shop = shop;
    this.#visitor = visitor;
    this.#person = person;
    this.#isApp = visitor.userAgent.startsWith("ShopApp/");
  }

  /** Somebody who came for one article, and buys it at once. */
  static hurried(shop: Shop, visitor: Visitor, who: { person: number; wants: Product }): CustomerSession {
    const session = new CustomerSession(shop, visitor, who.person);
    session.#started = true;
    session.#isHurried = true;
    session.#follow = who.wants.path;
    session.#cart.push(who.wants);
    return session;
  }

  /** Somebody who has been here for a while when the simulation begins. */
  static midway(shop: Shop, visitor: Visitor, person: number): CustomerSession {
    const session = new CustomerSession(shop, visitor, person);
    session.#started = true;
    if (session.#isApp || shop.random.chance(0.4)) signedIn(shop, visitor, session.#account());
    if (shop.random.chance(0.4)) session.#cart.push(shop.catalog.popular(shop.random));
    return session;
  }

  act(now: number, outlet: Outlet): number {
    const { random } = this.#shop;
    if (this.#flow !== undefined) {
      const wait = this.#flow.step(now, outlet);
      if (wait > 0) return now + wait;
      if (this.#flow instanceof Purchase) this.#isDone = true;
      this.#flow = undefined;
      return now + 500 + random.wait(2_000);
    }
    if (this.#follow !== undefined) {
      this.#get(outlet, this.#follow, took(random, 12, 120));
      this.#follow = undefined;
      return now + random.wait(thinkMs);
    }
    if (!this.#started) {
      this.#started = true;
      return now + this.#arrive(outlet);
    }
    const wait = this.#look(outlet);
    if (wait > 0) return now + wait;
    if (this.#isDone ? random.chance(0.6) : random.chance(leaveShare)) return Infinity;
    return now + random.wait(thinkMs);
  }

  /** Browsers load scripts; most apps are still signed in, and take a new token. */
  #arrive(outlet: Outlet): number {
    const { random } = this.#shop;
    if (!this.#isApp) {
      const status = random.chance(0.6) ? 304 : 200;
      outlet.exchange.begin(this.#visitor, asks("GET", random.pick(scripts), status, took(random, 1, 12)));
      outlet.request();
      return 30 + random.below(200);
    }
    if (random.chance(0.15)) return this.#begin(new SignIn(this.#shop, this.#visitor, { account: this.#account() }));
    signedIn(this.#shop, this.#visitor, this.#account());
    outlet.exchange.begin(this.#visitor, asks("POST", "/api/token/refresh", 200, took(random, 12, 60)));
    outlet.request();
    return 50 + random.below(300);
  }

  /** One page, or the beginning of a flow; more than 0: the wait until it goes on at once. */
  #look(outlet: Outlet): number {
    const { random, catalog } = this.#shop;
    const isIn = this.#visitor.userId !== undefined;
    const u = this.#isHurried && !this.#isDone ? buys : random.fraction();
    if (u < 0.42) {
      const product = catalog.popular(random);
      const isGone = random.chance(0.004);
      this.#get(outlet, product.path, took(random, 14, 180), isGone ? 404 : 200);
      if (!random.chance(0.55)) return 0;
      this.#follow = product.related;
      return 40 + random.below(140);
    }
    if (u < 0.56) this.#get(outlet, random.pick(catalog.lists), took(random, 18, 220));
    else if (u < 0.7) this.#get(outlet, random.pick(catalog.searches), took(random, 35, 400));
    else if (u < 0.79) this.#addToCart(outlet, catalog.popular(random));
    else if (u < 0.82) this.#get(outlet, "/api/cart", took(random, 12, 80));
    else if (u < 0.9) {
      if (isIn) this.#lookAtOwn(outlet, random.fraction());
      else if (random.chance(0.06)) return this.#begin(new SignUp(this.#shop, this.#visitor));
      else return this.#begin(new SignIn(this.#shop, this.#visitor, { account: this.#account() }));
    } else if (u < 0.94 && this.#cart.length > 0 && !this.#isDone) {
      if (isIn) return this.#begin(new Purchase(this.#shop, this.#visitor, this.#cart));
      return this.#begin(new SignIn(this.#shop, this.#visitor, { account: this.#account() }));
    } else this.#get(outlet, this.#isApp ? "/api/home" : "/api/banners", took(random, 8, 60));
    return 0;
  }

  #begin(flow: Flow): number {
    this.#flow = flow;
    return 1_000 + this.#shop.random.wait(5_000);
  }

  #lookAtOwn(outlet: Outlet, u: number): void {
    const { random } = this.#shop;
    const account = this.#account();
    if (u < 0.35) this.#own(outlet, "/api/account", "account.viewed");
    else if (u < 0.6) this.#get(outlet, "/api/orders", took(random, 30, 200));
    else if (u < 0.85) {
      const order = 100_000 + (mixed(this.#person, random.below(4)) % 600_000);
      this.#get(outlet, `/api/orders/${order}`, took(random, 20, 150));
    } else if (u < 0.95) this.#own(outlet, "/api/loyalty/balance", "loyalty.balance_checked");
    else {
      outlet.exchange.begin(this.#visitor, asks("PUT", "/api/account", 200, took(random, 40, 200)));
      outlet.exchange.outcome = "ok";
      outlet.request();
      outlet.tell({ event: "account.changed", visitor: this.#visitor, userId: account, attributes: changedAddress });
    }
  }

  #own(outlet: Outlet, path: string, event: string): void {
    this.#get(outlet, path, took(this.#shop.random, 20, 140));
    outlet.tell({ event, visitor: this.#visitor });
  }

  #addToCart(outlet: Outlet, product: Product): void {
    const { random } = this.#shop;
    if (this.#cart.length < 3) this.#cart.push(product);
    outlet.exchange.begin(this.#visitor, asks("POST", "/api/cart/items", 201, took(random, 18, 90)));
    outlet.exchange.outcome = "ok";
    outlet.request();
    const attributes = { sku: product.sku, quantity: random.chance(0.85) ? 1 : 2, price: product.price };
    outlet.tell({ event: "cart.item_added", visitor: this.#visitor, attributes });
  }

  #get(outlet: Outlet, target: string, durationMs: number, status = 200): void {
    outlet.exchange.begin(this.#visitor, asks("GET", target, status, durationMs));
    outlet.request();
  }

  #account(): string {
    return this.#visitor.userId ?? this.#shop.people.account(this.#person);
  }
}

// helpers

const changedAddress = { changed: "address" } as const;
