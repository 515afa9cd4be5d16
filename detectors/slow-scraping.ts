import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { count, defineDetector, distinct } from "../src/detect/define-detector.ts";
import { actorInWords } from "../src/detect/actor-target.ts";
import { isPageView, pathOf } from "../src/detect/page-view.ts";
import { strangerAgent } from "../src/detect/strangers.ts";

/** More user agents than this are no household: what many people look at in a day says nothing. */
const household = 3;

/** Which hour, for telling slow from fast. */
const hourOf = ({ time }: AccessEvent) => Math.floor(time / 3_600_000);

export default defineDetector({
  id: "slow-scraping",
  title: "The catalogue is copied slowly",
  description:
    "Counts the different pages of the catalogue that one visitor sees within a day, spread over hours, where hardly anything is put into a cart: what stays below every limit for each minute. Whoever looks after the shop's articles all day looks the same, so it is shown and nobody is blocked. What is asked with an API key alone is not judged, nor is an address with many user agents.",
  owasp: ["API6:2023"],
  severity: "low",
  needs: { required: ["clientIp"], better: ["userAgent"] },
  where: { endpointClass: ["catalog", "cart", "checkout"] },
  key: ["actor"],
  window: "1d",
  // This project's own: people who look at 600 articles in a day and want none of them are rare.
  params: z.strictObject({
    pages: z.int().min(10).max(900).default(600).meta({ description: "Different pages of the catalogue in a day." }),
    hours: z.int().min(1).max(24).default(4).meta({ description: "Different hours of the day they are spread over." }),
    carts: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .meta({ description: "From so many requests to cart and checkout for each page on, they are customers." }),
  }),
  counters: {
    pages: distinct(pathOf, isPageView),
    hours: distinct(hourOf, isPageView),
    carts: count((e) => e.endpointClass === "cart" || e.endpointClass === "checkout"),
    agents: distinct(strangerAgent, isPageView),
  },
  evidence: isPageView,
  floor: (p) => p.pages,
  fires: ({ pages, hours, carts, agents }, p) =>
    pages.value >= p.pages && hours.value >= p.hours && carts < p.carts * pages.value && agents.value <= household,
  strength: ({ pages }, p) => pages.value / p.pages,
  summary: ({ pages, hours, carts }, key) =>
    `${actorInWords(key["actor"]!)} saw ${pages.value} different pages of the catalogue within a day, spread over ${hours.value} hours, with ${carts} requests to carts`,
  target: () => undefined,
  examples: [
    {
      name: "a page a minute, all day",
      fires: true,
      events: Array.from({ length: 1200 }, (_, page) => view({ minute: page, page })),
    },
    {
      name: "two days of a busy customer",
      fires: false,
      events: [0, 1440].flatMap((from) =>
        Array.from({ length: 300 }, (_, i) => view({ minute: from + i, page: from + i })),
      ),
    },
    {
      name: "a stock checker looks at the same forty articles",
      fires: false,
      events: Array.from({ length: 1400 }, (_, i) => view({ minute: i, page: i % 40 })),
    },
    {
      name: "an office: many people, and now and then a cart",
      fires: false,
      events: [
        ...Array.from({ length: 1200 }, (_, i) => view({ minute: i, page: i })),
        { at: "1m", times: 30, every: "40m", endpointClass: "cart", path: "/api/cart", route: "/api/cart" },
      ],
    },
    {
      name: "a carrier's address: more user agents than a household has",
      fires: false,
      events: Array.from({ length: 1200 }, (_, i) => ({
        ...view({ minute: i, page: i }),
        userAgent: `phone ${i % 9}`,
      })),
    },
  ],
  triage: [
    "Is it somebody of your own: who keeps the articles, a tool that checks links?",
    "Is it a search bot or a price comparison? Check its address, not its name.",
    "Does it read in order: by number, by the site map, by category?",
  ],
});

function view(of: { minute: number; page: number }) {
  return {
    at: `${of.minute}m` as const,
    method: "GET",
    path: `/products/${of.page}`,
    route: "/products/{id}",
    endpointClass: "catalog" as const,
  };
}
