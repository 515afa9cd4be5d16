import { z } from "zod";
import { count, defineDetector, distinct } from "../src/detect/define-detector.ts";
import { actorInWords, actorTarget } from "../src/detect/actor-target.ts";
import { isDeclaredBot } from "../src/detect/declared-bot.ts";
import { isPageView, pathOf, shopping } from "../src/detect/page-view.ts";
import { peopleBehind, strangerAgent } from "../src/detect/strangers.ts";

/** From so many user agents on, it may be a campus: it has to be many times as much, and nobody is named. */
const household = 3;
const mostPeople = 10;

export default defineDetector({
  id: "scraping",
  title: "The catalogue is copied",
  description:
    "Counts the different pages of the catalogue that one visitor sees within ten minutes, where hardly anything is put into a cart. Searches, and pages that differ only in the query, are volumetric-abuse's; what is asked with an API key alone is not judged. Bots that say what they are are shown, and nobody is named to be slowed down. A catalogue copied through many addresses is not seen.",
  owasp: ["API6:2023"],
  severity: "medium",
  needs: { required: ["clientIp"], better: ["userAgent"] },
  where: { endpointClass: shopping },
  key: ["actor"],
  window: "10m",
  // CrowdSec's crawler: more than 40 different pages, of which two are forgotten each second, so a
  // burst. Half a page a second for ten minutes is this project's: people read.
  params: z.strictObject({
    pages: z.int().min(10).max(900).default(300).meta({ description: "Different pages in ten minutes." }),
    carts: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .meta({ description: "From so many requests to cart and checkout for each page on, they are customers." }),
  }),
  counters: {
    pages: distinct(pathOf, isPageView),
    views: count(isPageView),
    carts: count((e) => e.endpointClass === "cart" || e.endpointClass === "checkout"),
    bot: count((e) => isPageView(e) && isDeclaredBot(e.userAgent)),
    agents: distinct(strangerAgent, isPageView),
  },
  evidence: isPageView,
  floor: (p) => p.pages,
  fires: ({ pages, views, carts, agents }, p) => {
    // Different pages are estimated, and can't be more than were seen.
    if (Math.min(pages.value, views) < p.pages || carts >= p.carts * views) return false;
    const people = peopleBehind(agents, mostPeople);
    return people <= household || views >= p.pages * people;
  },
  strength: ({ pages, views }, p) => Math.min(pages.value, views) / p.pages,
  severityOf: ({ views, bot, agents }, p) =>
    2 * bot > views || agents.value > household ? "low" : views >= 10 * p.pages ? "high" : "medium",
  summary: ({ pages, views, carts }, key) =>
    `${actorInWords(key["actor"]!)} saw ${Math.min(pages.value, views)} different pages of the catalogue within 10 minutes (${views} views, ${carts} requests to carts)`,
  target: ({ key, samples }) => {
    if (samples.every(({ userAgent }) => isDeclaredBot(userAgent))) return undefined;
    return new Set(samples.map(({ userAgent }) => userAgent)).size > household ? undefined : actorTarget(key["actor"]!);
  },
  examples: [
    {
      name: "page after page, twice a second",
      fires: true,
      events: pages({ of: 500, everyMs: 500 }),
    },
    {
      name: "the same, slower than people click for an hour",
      fires: false,
      events: pages({ of: 600, everyMs: 6000 }),
    },
    {
      name: "a business buyer puts 200 articles into the cart",
      fires: false,
      events: [
        ...pages({ of: 200, everyMs: 2000, userId: "buyer" }),
        {
          at: "1s",
          times: 200,
          every: "2s",
          endpointClass: "cart",
          path: "/api/cart",
          route: "/api/cart",
          userId: "buyer",
        },
      ],
    },
    {
      name: "a flash sale: one address, many people, the same few articles",
      fires: false,
      events: Array.from({ length: 2000 }, (_, i) =>
        view({ at: i * 250, page: i % 40, userAgent: `browser ${i % 9}` }),
      ),
    },
    {
      name: "a campus in the evening",
      fires: false,
      events: [
        ...Array.from({ length: 1000 }, (_, i) => view({ at: i * 500, page: i % 700, userAgent: `browser ${i % 14}` })),
        { at: "5s", times: 25, every: "20s", endpointClass: "cart", path: "/api/cart", route: "/api/cart" },
      ],
    },
    {
      name: "a partner reads the whole catalogue with its key",
      fires: false,
      events: pages({ of: 2000, everyMs: 100, apiKey: "partner-7" }),
    },
  ],
  triage: [
    "Who is it: a competitor, a price comparison that sells for you, or your own export?",
    "Are prices read, or pictures and texts as well?",
    "Does it come back at the same hour from another address?",
  ],
});

function pages(of: { of: number; everyMs: number; userId?: string; apiKey?: string }) {
  const { userId, apiKey } = of;
  return Array.from({ length: of.of }, (_, page) => view({ at: page * of.everyMs, page, userId, apiKey }));
}

function view(of: {
  at: number;
  page: number;
  userAgent?: string;
  userId?: string | undefined;
  apiKey?: string | undefined;
}) {
  return {
    at: `${of.at}ms` as const,
    method: "GET",
    path: `/products/${of.page}`,
    route: "/products/{id}",
    endpointClass: "catalog" as const,
    userAgent: of.userAgent ?? "curl/8.5",
    userId: of.userId,
    apiKey: of.apiKey,
  };
}
