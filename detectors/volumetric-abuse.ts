import { z } from "zod";
import type { AccessEvent, EndpointClass } from "../src/normalize/access-event.ts";
import {
  count,
  defineDetector,
  distinct,
  type Duration,
  isSettled,
  type JudgeContext,
  type Predicate,
} from "../src/detect/define-detector.ts";
import { actorInWords, actorTarget } from "../src/detect/actor-target.ts";
import { isPageView, pathOf, shopping, wasAnswered } from "../src/detect/page-view.ts";
import { isDeclined } from "../src/detect/refusals.ts";
import { peopleBehind, strangerAgent } from "../src/detect/strangers.ts";

/** More user agents than this are many people: how much they ask for together says nothing. */
const household = 4;

/** Somebody who does one thing and nothing else. Many people behind one address do a bit of everything. */
const oneThing = 0.8;

const isWrite = ({ method }: AccessEvent) => method !== "GET" && method !== "HEAD" && method !== "OPTIONS";

/** Requests of these classes; of some only those that change something, since pages ask again and again how it stands. */
function asked(classes: readonly EndpointClass[], of: "everything" | "changes" = "everything"): Predicate {
  return (e) => classes.includes(e.endpointClass) && wasAnswered(e) && (of === "everything" || isWrite(e));
}

/** Steps towards a purchase. Declined cards are for card-testing; a 402 may be told of by a shop event. */
const isStep: Predicate = (e) =>
  (e.endpointClass === "checkout" || e.endpointClass === "payment") &&
  wasAnswered(e) &&
  isWrite(e) &&
  e.status !== 402 &&
  !isDeclined(e);

const own: readonly EndpointClass[] = ["account", "order", "loyalty", "reservation"];

/** What the limits are of, as it is learned: by class. */
const classesOf = {
  searches: ["search"],
  pages: ["catalog"],
  carts: ["cart"],
  checkouts: ["checkout", "payment"],
  own,
} as const satisfies Readonly<Record<string, readonly EndpointClass[]>>;

/** What is learned moves a limit by so much at most: to rarely enough for a business customer, and to as much as a busy partner does. */
const [least, most] = [0.6, 3];

const kinds = ["searches", "pages", "carts", "checkouts", "own"] as const;

export default defineDetector({
  id: "volumetric-abuse",
  title: "One visitor asks far too often",
  description:
    "Counts what one visitor asks for within ten minutes, by kind of endpoint, against a limit for each that people stay below; where it is known how much users and keys ask for, the limit is twice what 99 of 100 stay below, between 0.6 and 3 times the parameter, and what is beyond that alone is not blocked. It fires for whoever does one thing and hardly anything else. An address with many user agents is not judged: it is many people. Nor is what is asked with an API key alone. Ever new pages are scraping's; sign-ins, sign-ups, declined cards and promo codes have detectors of their own.",
  owasp: ["API4:2023"],
  severity: "medium",
  needs: { required: ["clientIp"], better: ["userAgent"] },
  where: { endpointClass: shopping },
  key: ["actor"],
  window: "10m",
  // All this project's own, until limits are learned. Cloudflare's are for each endpoint and session,
  // over ten minutes as well, and learned alike. Carts leave room for a business customer's list of 200
  // articles, checkouts for a call centre, `own` for a page that asks every second whether an order is paid.
  params: z.strictObject({
    searches: z.int().min(10).default(300).meta({ description: "Searches in ten minutes." }),
    pages: z.int().min(10).default(600).meta({ description: "Requests to the catalogue in ten minutes." }),
    carts: z.int().min(10).default(400).meta({ description: "Changes of a cart in ten minutes." }),
    checkouts: z.int().min(5).default(150).meta({ description: "Steps of checkouts and payments in ten minutes." }),
    own: z
      .int()
      .min(10)
      .default(1200)
      .meta({ description: "Requests to accounts, orders, points and reservations in ten minutes." }),
    usualTimes: z.number().min(1).default(2).meta({
      description: "So many times what 99 of 100 users and keys stay below is the limit, once that is known.",
    }),
  }),
  baselines: ["perActor"],
  counters: {
    searches: count(asked(["search"])),
    pages: count(isPageView),
    different: distinct(pathOf, isPageView),
    carts: count(asked(["cart"], "changes")),
    checkouts: count(isStep),
    own: count(asked(own)),
    agents: distinct(strangerAgent, wasAnswered),
  },
  evidence: wasAnswered,
  floor: (p) => Math.floor(least * Math.min(...kinds.map((kind) => p[kind]))),
  fires: (f, p, context) => {
    const limits = limitsOf(p, context);
    const kind = mostOf(f, limits);
    const people = peopleBehind(f.agents, household + 1);
    // Ever new pages are scraping's.
    if (kind === "pages" && f.different.value > f.pages / 3) return false;
    return people <= household && f[kind] >= limits[kind] * people && f[kind] >= oneThing * totalOf(f);
  },
  strength: (f, p) => f[mostOf(f, p)] / (p[mostOf(f, p)] * peopleBehind(f.agents, household)),
  severityOf: (f, p) => (f[mostOf(f, p)] >= 5 * p[mostOf(f, p)] ? "high" : "medium"),
  shows: (f, p) => [mostOf(f, p), ...kinds.filter((kind) => kind !== mostOf(f, p) && f[kind] > 0)],
  summary: (f, key, context) => {
    const kind = kinds.reduce((a, b) => (f[b] > f[a] ? b : a));
    const usual = usualOf(kind, context);
    return (
      `${actorInWords(key["actor"]!)} made ${f[kind]} ${inWords[kind]} within 10 minutes, of ${totalOf(f)} requests in all` +
      (usual === undefined ? "" : `; 99 of 100 users make at most ${usual.median}, ${usual.days} days`)
    );
  },
  target: ({ key }) => actorTarget(key["actor"]!),
  examples: [
    { name: "a search a second, for eight minutes", fires: true, events: requests({ of: "search", times: 480 }) },
    {
      name: "one article's page, twice a second",
      fires: true,
      events: requests({ of: "catalog", times: 900, every: "500ms" }),
    },
    {
      name: "orders without end",
      fires: true,
      events: requests({ of: "checkout", times: 200, method: "POST", userId: "mallory" }),
    },
    {
      name: "one's own account, five times a second",
      fires: true,
      events: requests({ of: "account", times: 1500, every: "200ms", userId: "mallory" }),
    },
    {
      name: "four changes of a cart a minute are usual, these are thirty",
      fires: true,
      events: requests({ of: "cart", times: 300, every: "2s", method: "POST", userId: "mallory" }),
      baselines: [{ of: "perActor", endpointClass: "cart", median: 40 }],
    },
    {
      name: "partners who search all day are usual here",
      fires: false,
      events: requests({ of: "search", times: 480 }),
      baselines: [{ of: "perActor", endpointClass: "search", median: 300 }],
    },
    {
      name: "a business customer's 200 articles, where others have a few",
      fires: false,
      events: requests({ of: "cart", times: 200, method: "POST", userId: "buyer" }),
      baselines: [{ of: "perActor", endpointClass: "cart", median: 10 }],
    },
    {
      name: "many changes of a cart, where two days are known",
      fires: false,
      events: requests({ of: "cart", times: 300, every: "2s", method: "POST", userId: "mallory" }),
      baselines: [{ of: "perActor", endpointClass: "cart", median: 40, confidence: "low" }],
    },
    {
      name: "a business customer puts 200 articles into the cart",
      fires: false,
      events: [
        ...requests({ of: "cart", times: 200, method: "POST", userId: "buyer" }),
        ...requests({ of: "cart", times: 200, userId: "buyer" }),
      ],
    },
    {
      name: "a call centre takes an order every five seconds",
      fires: false,
      events: requests({ of: "payment", times: 120, every: "5s", method: "POST" }),
    },
    {
      name: "customers try again while payments are down",
      fires: false,
      events: requests({ of: "payment", times: 300, method: "POST", status: 503, userId: "anna" }),
    },
    {
      name: "an order's page asks every second whether it is paid",
      fires: false,
      events: requests({ of: "checkout", times: 500, userId: "anna" }),
    },
    {
      name: "a campus on the morning of a sale",
      fires: false,
      events: Array.from({ length: 12 }, (_, i) =>
        requests({ of: "catalog", times: 200, userAgent: `browser ${i}` }),
      ).flat(),
    },
    {
      name: "one browser for a whole office, that does a bit of everything",
      fires: false,
      events: [
        ...requests({ of: "search", times: 320 }),
        ...requests({ of: "catalog", times: 500 }),
        ...requests({ of: "cart", times: 90, method: "POST" }),
      ],
    },
    {
      name: "an app that has one key for all",
      fires: false,
      events: requests({ of: "search", times: 590, apiKey: "app" }),
    },
  ],
  triage: [
    "Is it a page or an app of yours that asks too often? Then its next release has to stop it.",
    "What does it cost you: searches and carts load the database, pages the cache?",
    "Is it one visitor, or many of a kind at the same time?",
  ],
});

const inWords = {
  searches: "searches",
  pages: "requests to the catalogue",
  carts: "changes of carts",
  checkouts: "steps of checkouts and payments",
  own: "requests to accounts, orders, points and reservations",
} as const;

type Kinds = Readonly<Record<(typeof kinds)[number], number>>;

/** The kind that is most above its limit. */
function mostOf(f: Kinds, p: Kinds): (typeof kinds)[number] {
  return kinds.reduce((a, b) => (f[b] / p[b] > f[a] / p[a] ? b : a));
}

/** What 99 of 100 users or keys stay below within ten minutes; `undefined` until it is known of one class of the kind. */
function usualOf(kind: (typeof kinds)[number], context: JudgeContext): { median: number; days: number } | undefined {
  const all = classesOf[kind].map((endpointClass) => context.baseline("perActor", endpointClass)).filter(isSettled);
  if (all.length === 0) return undefined;
  return {
    median: all.reduce((sum, { median }) => sum + median, 0),
    days: Math.min(...all.map(({ samples }) => samples)),
  };
}

/** The limit of each kind: its parameter, moved by what is usual. */
function limitsOf(p: Kinds & { readonly usualTimes: number }, context: JudgeContext): Kinds {
  const limitOf = (kind: (typeof kinds)[number]) => {
    const usual = usualOf(kind, context);
    if (usual === undefined) return p[kind];
    return Math.min(most * p[kind], Math.max(least * p[kind], p.usualTimes * usual.median));
  };
  return {
    searches: limitOf("searches"),
    pages: limitOf("pages"),
    carts: limitOf("carts"),
    checkouts: limitOf("checkouts"),
    own: limitOf("own"),
  };
}

function totalOf(f: Kinds): number {
  return kinds.reduce((sum, kind) => sum + f[kind], 0);
}

function requests(of: {
  of: EndpointClass;
  times: number;
  every?: Duration;
  method?: string;
  status?: number;
  userId?: string;
  apiKey?: string;
  userAgent?: string;
}) {
  const { method = "GET", status = 200, userId, apiKey, userAgent = "Mozilla/5.0" } = of;
  const path = `/api/${of.of}`;
  const outcome = status < 400 ? ("ok" as const) : ("failed" as const);
  const request = { method, path, route: path, endpointClass: of.of, status, outcome, userId, apiKey, userAgent };
  return [{ at: "0s" as const, times: of.times, every: of.every ?? ("1s" as const), ...request }];
}
