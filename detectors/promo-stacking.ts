import { z } from "zod";
import { count, defineDetector, distinct, type Duration, type Predicate } from "../src/detect/define-detector.ts";
import { actorInWords } from "../src/detect/actor-target.ts";
import { hasSharedKey, peopleBehind, strangerAgent } from "../src/detect/strangers.ts";

/** A promo code was taken. Where requests count as attempts, the shop's own word of it is left out. */
const isApplied: Predicate = (e) => e.attempt && e.outcome === "ok" && !hasSharedKey(e);
const isRemoved: Predicate = (e) =>
  e.route === "promo.removed" || (e.origin === "gateway" && e.method === "DELETE" && e.outcome === "ok");

export default defineDetector({
  id: "promo-stacking",
  title: "One visitor takes several promo codes at once",
  description:
    "Counts the different promo codes that were taken for one visitor within ten minutes, less those that were removed again: codes that were not meant to add up, or a check that can be outrun. A shop in which codes add up, or in which a new one silently takes the old one's place, sees this often: raise the limit there, or turn it off. It names nobody; whether the order stands is for people to say.",
  owasp: ["API6:2023"],
  severity: "low",
  needs: { required: ["outcome", "attributes"], better: ["userId"] },
  where: { endpointClass: ["promo"], origin: ["gateway", "shop"] },
  key: ["actor"],
  window: "10m",
  // This project's own. A browser extension takes one after the other to find the best.
  params: z.strictObject({
    codes: z.int().min(2).default(4).meta({ description: "Different codes taken and not removed, in ten minutes." }),
  }),
  counters: {
    codes: distinct(
      (e) => e.attributes?.["promoCode"],
      (e) => isApplied(e) && !isRemoved(e),
    ),
    removed: count(isRemoved),
    agents: distinct(strangerAgent, isApplied),
  },
  evidence: isApplied,
  floor: (p) => p.codes,
  fires: ({ codes, removed, agents }, p) => codes.value - removed >= p.codes && peopleBehind(agents, 2) === 1,
  strength: ({ codes, removed }, p) => (codes.value - removed) / p.codes,
  summary: ({ codes, removed }, key) =>
    `${codes.value} different promo codes were taken for ${actorInWords(key["actor"]!)} within 10 minutes, ${removed} were removed again`,
  target: () => undefined,
  examples: [
    { name: "five codes on one order", fires: true, events: taken({ codes: 5 }) },
    {
      name: "a browser extension looks for the best code",
      fires: false,
      events: [
        ...taken({ codes: 6 }),
        ...taken({ codes: 5 }).map((e) => ({
          ...e,
          route: "promo.removed",
          outcome: "unknown" as const,
          attempt: false,
        })),
      ],
    },
    {
      name: "the application says each code again when the cart changes",
      fires: false,
      events: [...taken({ codes: 2 }), ...taken({ codes: 2 }), ...taken({ codes: 2 })],
    },
    {
      name: "a code goes viral: many customers, one address",
      fires: false,
      events: Array.from({ length: 60 }, (_, i) => ({ ...taken({ codes: 1 })[0]!, userId: `customer-${i}` })),
    },
    {
      name: "guests behind one address, a code each",
      fires: false,
      events: taken({ codes: 8 }).map((e, i) => ({ ...e, userId: undefined, userAgent: `phone ${i}` })),
    },
  ],
  triage: [
    "Was an order placed with all of them? What is its total?",
    "Do codes add up by design, or was a check outrun (all within a second)?",
    "Is it one visitor, or a recipe that has spread?",
  ],
});

function taken(of: { codes: number }) {
  return Array.from({ length: of.codes }, (_, i) => ({
    at: `${i * 8}s` as Duration,
    origin: "shop" as const,
    method: "EVENT",
    path: "promo.applied",
    route: "promo.applied",
    status: 0,
    endpointClass: "promo" as const,
    outcome: "ok" as "ok" | "unknown",
    attempt: true,
    userId: "anna" as string | undefined,
    attributes: { promoCode: `CODE-${i}` },
  }));
}
