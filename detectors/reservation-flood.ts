import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { count, defineDetector, distinct, type Duration, type Predicate } from "../src/detect/define-detector.ts";
import { actorInWords, actorTarget } from "../src/detect/actor-target.ts";
import { hasSharedKey, peopleBehind } from "../src/detect/strangers.ts";

const mostPeople = 20;

const isReading = ({ method }: AccessEvent) => method === "GET" || method === "HEAD";
const skuOf = (e: AccessEvent) => e.attributes?.["sku"];

/** Pieces are held for somebody. */
const isHold: Predicate = (e) =>
  e.endpointClass === "reservation" &&
  e.attempt &&
  e.outcome === "ok" &&
  !isReading(e) &&
  e.method !== "DELETE" &&
  !hasSharedKey(e);

const isReleased: Predicate = (e) =>
  e.endpointClass === "reservation" &&
  (e.route === "stock.released" || (e.origin === "gateway" && e.method === "DELETE" && e.outcome === "ok"));

const isExpired: Predicate = (e) => e.route === "stock.expired" && !hasSharedKey(e);

const isBought: Predicate = (e) =>
  e.endpointClass !== "reservation" && e.attempt && e.outcome === "ok" && !isReading(e);

/** Guests behind one address, told apart by what the application knows of them. */
const guest = (e: AccessEvent) => (e.userId === undefined ? (e.sessionId ?? e.deviceId ?? e.userAgent) : undefined);

export default defineDetector({
  id: "reservation-flood",
  title: "One visitor holds stock and does not buy",
  description:
    "Counts, by visitor, reservations that were neither released nor bought, where few articles are reserved again and again; and reservations that run out, of the same articles, over a day. A business customer who reserves two hundred articles once each is no flood. Whoever uses a new session for each reservation is not seen here: see reservation-flood-article.",
  owasp: ["API6:2023"],
  severity: "medium",
  needs: { required: ["outcome", "attributes"], better: ["userId", "sessionId"] },
  where: { endpointClass: ["reservation", "checkout", "order"], origin: ["gateway", "shop"] },
  key: ["actor"],
  window: "10m",
  // This project's own.
  params: z.strictObject({
    holds: z.int().min(3).default(20).meta({ description: "Reservations in ten minutes, less those released." }),
    each: z
      .number()
      .min(1)
      .default(4)
      .meta({ description: "Reservations for each article; the log has to tell them." }),
    expired: z.int().min(3).default(12).meta({ description: "Reservations that ran out in a day." }),
    expiredEach: z.number().min(1).default(3).meta({ description: "So many for each article." }),
  }),
  counters: {
    holds: count(isHold),
    released: count(isReleased),
    bought: count(isBought),
    articles: distinct(skuOf, isHold),
    guests: distinct(guest, isHold),
    expired: count(isExpired, { window: "1d" }),
    expiredArticles: distinct(skuOf, isExpired, { window: "1d" }),
    boughtInDay: count(isBought, { window: "1d" }),
  },
  evidence: (e) => isHold(e) || isExpired(e),
  fires: (f, p) => {
    const people = peopleBehind(f.guests, mostPeople);
    if (f.expired >= p.expired && f.expired >= p.expiredEach * f.expiredArticles.value && f.boughtInDay === 0)
      return f.expiredArticles.known && people === 1;
    if (f.bought > 0 || f.holds - f.released < p.holds * people) return false;
    return f.articles.known && f.holds >= p.each * f.articles.value;
  },
  strength: (f, p) =>
    Math.max(f.expired / p.expired, (f.holds - f.released) / (p.holds * peopleBehind(f.guests, mostPeople))),
  shows: (f) => (f.expired > f.holds ? ["expired", "expiredArticles"] : ["holds", "released", "articles"]),
  summary: (f, key) =>
    f.expired > f.holds
      ? `${f.expired} reservations of ${actorInWords(key["actor"]!)} ran out within a day, of ${f.expiredArticles.value} articles, and nothing was bought`
      : `${actorInWords(key["actor"]!)} made ${f.holds} reservations of ${f.articles.value} ${f.articles.value === 1 ? "article" : "articles"} within 10 minutes, released ${f.released} and bought nothing`,
  target: ({ key }) => actorTarget(key["actor"]!),
  examples: [
    { name: "one article, thirty times", fires: true, events: holds({ times: 30, articles: 1 }) },
    {
      name: "five articles, held again whenever they run out",
      fires: true,
      events: Array.from({ length: 8 }, (_, round) =>
        ["stock.reserved", "stock.expired"].flatMap((route, i) =>
          holds({ times: 5, articles: 5, route }).map((e) => ({ ...e, at: `${round * 30 + i * 20}m` as const })),
        ),
      ).flat(),
    },
    {
      name: "a business customer reserves two hundred articles",
      fires: false,
      events: holds({ times: 200, articles: 200 }),
    },
    {
      name: "a customer adds bottles one by one, and buys them",
      fires: false,
      events: [
        { ...holds({ times: 1, articles: 1 })[0]!, at: "0s", route: "checkout.completed", endpointClass: "checkout" },
        ...holds({ times: 24, articles: 1 }),
      ],
    },
    {
      name: "a sale: guests behind one address, a reservation each",
      fires: false,
      events: holds({ times: 120, articles: 2 }).map((e, i) => ({ ...e, userId: undefined, sessionId: `s-${i}` })),
    },
    {
      name: "a full cart is forgotten, and runs out",
      fires: false,
      events: holds({ times: 40, articles: 40, route: "stock.expired" }),
    },
    {
      name: "somebody can't decide: as many released as reserved",
      fires: false,
      events: [...holds({ times: 30, articles: 2 }), ...holds({ times: 30, articles: 2, route: "stock.released" })],
    },
  ],
  triage: [
    "Which articles: scarce ones, that are sold elsewhere for more?",
    "Do other visitors hold the same articles at the same time?",
    "Has the visitor ever bought anything?",
  ],
});

function holds(of: { times: number; articles: number; route?: string }) {
  const route = of.route ?? "stock.reserved";
  const isHeld = route === "stock.reserved";
  return Array.from({ length: of.times }, (_, i) => ({
    at: `${i * 2}s` as Duration,
    origin: "shop" as const,
    method: "EVENT",
    path: route,
    route,
    status: 0,
    endpointClass: "reservation" as "reservation" | "checkout",
    outcome: isHeld ? ("ok" as const) : ("unknown" as const),
    attempt: isHeld,
    userId: "mallory" as string | undefined,
    attributes: { sku: `SKU-${i % of.articles}`, quantity: "1" },
  }));
}
