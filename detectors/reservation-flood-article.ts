import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { count, defineDetector, distinct, type Duration, type Predicate } from "../src/detect/define-detector.ts";

const isHold: Predicate = (e) => e.outcome === "ok" && e.method !== "DELETE" && e.method !== "GET";

/** Who holds it, as well as the log tells. */
const holderOf = (e: AccessEvent) => e.userId ?? e.sessionId ?? e.deviceId ?? e.clientKey;

export default defineDetector({
  id: "reservation-flood-article",
  title: "A few visitors hold an article's stock",
  description:
    "Counts the reservations of each article, and how many visitors they come from: a crowd reserves once or twice each, hoarders again and again. It names nobody: of the holders some are customers. A flood in which every visitor is new and reserves once looks like a crowd, and is not seen.",
  owasp: ["API6:2023"],
  severity: "medium",
  needs: { required: ["outcome", "attributes"], better: ["userId", "sessionId"] },
  where: { endpointClass: ["reservation"], attempt: true },
  key: ["sku"],
  window: "10m",
  // This project's own.
  params: z.strictObject({
    holds: z.int().min(5).default(60).meta({ description: "Reservations of one article in ten minutes." }),
    each: z.number().min(1).default(4).meta({ description: "Reservations for each visitor, on average." }),
  }),
  counters: {
    holds: count(isHold),
    holders: distinct(holderOf, isHold),
    tries: count(),
  },
  evidence: isHold,
  floor: (p) => p.holds,
  fires: ({ holds, holders }, p) => holds >= p.holds && holders.known && holds >= p.each * holders.value,
  severityOf: ({ holds }, p) => (holds >= 5 * p.holds ? "high" : "medium"),
  summary: ({ holds, holders, tries }, key) =>
    `${key["sku"]} was reserved ${holds} times within 10 minutes by ${holders.value} visitors (${tries} tries)`,
  target: () => undefined,
  examples: [
    { name: "ten accounts hold one article, again and again", fires: true, events: holds({ times: 120, holders: 10 }) },
    {
      name: "a flash sale: three hundred people, once or twice each",
      fires: false,
      events: holds({ times: 450, holders: 300 }),
    },
    { name: "a quiet article", fires: false, events: holds({ times: 40, holders: 3 }) },
    {
      name: "a business customer reserves two hundred articles",
      fires: false,
      events: holds({ times: 200, holders: 1 }).map((e, i) => ({ ...e, attributes: { sku: `SKU-${i}` } })),
    },
    {
      name: "a crowd that finds nothing left",
      fires: false,
      events: holds({ times: 400, holders: 20 }).map((e) => ({
        ...e,
        route: "stock.rejected",
        outcome: "failed" as const,
      })),
    },
  ],
  triage: [
    "Is the article scarce, or on sale right now?",
    "Do the holders share an address, a device, a pattern of names?",
    "How many of the reservations became orders?",
  ],
});

function holds(of: { times: number; holders: number }) {
  return Array.from({ length: of.times }, (_, i) => ({
    at: `${i}s` as Duration,
    origin: "shop" as const,
    method: "EVENT",
    path: "stock.reserved",
    route: "stock.reserved",
    status: 0,
    endpointClass: "reservation" as const,
    userId: `user-${i % of.holders}`,
    attributes: { sku: "SKU-17" },
  }));
}
