import type { Actor, Outlet } from "./actor.ts";
import { asks, took } from "./flow.ts";
import type { LabelledEntity } from "./label.ts";
import { providerHosts } from "./payment-notice.ts";
import { dataCentres, homes, type Place } from "./places.ts";
import type { Shop } from "./shop.ts";
import { addressV4, aVisitor, type Visitor } from "./visitor.ts";

/** Which share of all requests each kind of regular makes. */
const shares = { searchBot: 0.002, partner: 0.004, staff: 0.001, backend: 0.02 } as const;
const monitorMs = 15_000;

/** Requests a second of all regulars together, where customers and they make `rate`. */
export function regularRate(rate: number): number {
  const scaled = Object.values(shares).reduce((sum, share) => sum + share, 0) * rate;
  return scaled + (monitors.length + 1) * (1000 / monitorMs);
}

/** Everybody who is always there and is no customer: monitors, search engines, partners, staff, the shop itself. */
export function regulars(shop: Shop, rate: number): { readonly actor: Actor; readonly firstMs: number }[] {
  const meanMs = (share: number, count: number) => (1000 * count) / (share * rate);
  const come = (who: readonly Visitor[], next: Next, mean: number) =>
    who.map((visitor) => ({
      actor: new Regular(shop, visitor, { next, meanMs: mean }),
      firstMs: shop.random.wait(mean),
    }));
  const watch = (who: readonly Visitor[], path: string) =>
    who.map((visitor) => ({
      actor: new Regular(shop, visitor, { next: () => ["GET", path, 200], everyMs: monitorMs }),
      firstMs: shop.random.below(monitorMs),
    }));
  return [
    ...watch(monitors, "/healthz"),
    ...watch([scraper], "/internal/metrics"),
    ...come(
      searchBots,
      ({ random, catalog }) => ["GET", random.pick(catalog.products).path, 200],
      meanMs(shares.searchBot, 2),
    ),
    ...come(
      partners,
      ({ random, catalog }) => ["PUT", `/partner/v1/stock/${random.pick(catalog.products).sku}`, 204],
      meanMs(shares.partner, 4),
    ),
    ...come(staff, ({ random }) => random.pick(adminPages), meanMs(shares.staff, 5)),
    ...come(backends, () => ["POST", "/egress/shipping/quotes", 200], meanMs(shares.backend, 2)),
  ];
}

/** Who they are, for the labels. */
export function regularEntities(): { readonly kind: string; readonly entities: readonly LabelledEntity[] }[] {
  const named = (who: readonly Visitor[]): LabelledEntity[] =>
    who.flatMap(({ clientKey, apiKey, userId }) => [
      { scope: "ip", value: clientKey },
      ...(apiKey === undefined ? [] : [{ scope: "apiKey" as const, value: apiKey }]),
      ...(userId === undefined ? [] : [{ scope: "user" as const, value: userId }]),
    ]);
  return [
    { kind: "uptime-monitor", entities: named([...monitors, scraper]) },
    { kind: "search-bot", entities: named(searchBots) },
    { kind: "partner", entities: named(partners) },
    { kind: "staff", entities: named(staff) },
    { kind: "payment-provider", entities: named(providerHosts) },
    { kind: "backend", entities: named(backends) },
  ];
}

/** Partners of the shop, each with an API key of its own. */
export const partners: readonly Visitor[] = ["acme", "globex", "initech", "umbrella"].map((name, i) =>
  aVisitor({
    address: special(10 + i),
    userAgent: `${name}-sync/1.${i}`,
    place: dataCentres[i % dataCentres.length] as Place,
    apiKey: `key-${name}`,
    role: "partner",
  }),
);

// helpers

type Next = (shop: Shop) => readonly [method: string, target: string, status: number];

class Regular implements Actor {
  readonly #shop: Shop;
  readonly #visitor: Visitor;
  readonly #next: Next;
  readonly #wait: () => number;

  /** `meanMs`: comes at random; `everyMs`: by the clock. */
  constructor(
    shop: Shop,
    visitor: Visitor,
    { next, meanMs, everyMs }: { next: Next; meanMs?: number; everyMs?: number },
  ) {
    this.#shop = shop;
    this.#visitor = visitor;
    this.#next = next;
    this.#wait = () => everyMs ?? shop.random.wait(meanMs ?? monitorMs);
  }

  act(now: number, outlet: Outlet): number {
    const [method, target, status] = this.#next(this.#shop);
    outlet.exchange.begin(this.#visitor, asks(method, target, status, took(this.#shop.random, 8, 90)));
    if (method !== "GET") outlet.exchange.outcome = "ok";
    outlet.request();
    return now + this.#wait();
  }
}

function special(n: number) {
  return addressV4([198, 19, 172], n);
}

function inside(n: number) {
  const ip = `10.20.7.${n}`;
  return { ip, clientKey: ip };
}

const monitors = [1, 2, 3].map((n) =>
  aVisitor({ address: special(n), userAgent: "UptimeProbe/3.1", place: dataCentres[n] as Place }),
);

const scraper = aVisitor({ address: inside(90), userAgent: "Prometheus/3.5.0", place: homes[2] as Place });

/** From the ranges that the search engine publishes: `198.19.172.32/28`. */
const searchBots = [32, 33].map((n) =>
  aVisitor({
    address: special(n),
    userAgent: "Mozilla/5.0 (compatible; FindBot/2.1; +https://search.example/bot.html)",
    place: dataCentres[2] as Place,
  }),
);

/** The shop's own people, in its own network. */
const staff = [1, 2, 3, 4, 5].map((n) =>
  aVisitor({
    address: inside(100 + n),
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0",
    place: homes[0] as Place,
    userId: `staff-${n}`,
    role: "admin",
    sessionId: `s-staff${n}`,
  }),
);

const adminPages = [
  ["GET", "/api/admin/orders", 200],
  ["GET", "/api/admin/orders", 200],
  ["GET", "/api/admin/customers", 200],
  ["POST", "/api/admin/refunds", 201],
] as const;

/** The shop's services, which ask others through the same gateway. */
const backends = [1, 2].map((n) =>
  aVisitor({ address: inside(n), userAgent: "shop-backend/12.4", place: homes[2] as Place }),
);
