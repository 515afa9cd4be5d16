import { z } from "zod";
import { count, defineDetector, distinct, type Predicate } from "../src/detect/define-detector.ts";

/** A promo code was taken for a user. */
const isApplied: Predicate = (e) => e.endpointClass === "promo" && e.outcome === "ok" && e.userId !== undefined;
const isSignup: Predicate = (e) => e.endpointClass === "signup" && e.outcome === "ok";
const isEither: Predicate = (e) => isApplied(e) || isSignup(e);

export default defineDetector({
  id: "promo-farming",
  title: "New accounts take promo codes, from one client",
  description:
    "Counts, by client over a day, the accounts for which a promo code was taken, where nearly as many accounts were opened from there: a welcome offer taken again and again. It judges only clients with one or two user agents, since a campus in its first week looks alike otherwise; so the log has to have them. Accounts opened earlier or elsewhere are not seen. It names nobody: the accounts are what has to go.",
  owasp: ["API6:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "userId", "userAgent"], better: ["attributes"] },
  where: { endpointClass: ["promo", "signup"], attempt: true },
  key: ["clientIp"],
  window: "1d",
  // This project's own. A household of four may all be new on one day.
  params: z.strictObject({
    accounts: z.int().min(2).max(900).default(6).meta({ description: "Accounts that took a code in a day." }),
    fresh: z.number().gt(0).max(1).default(0.6).meta({ description: "Accounts opened from there, for each of them." }),
    agents: z.int().min(1).default(2).meta({ description: "With more user agents, it is many people." }),
  }),
  counters: {
    accounts: distinct((e) => e.userId, isApplied),
    codes: distinct((e) => e.attributes?.["promoCode"], isApplied),
    signups: count(isSignup),
    agents: distinct((e) => e.userAgent, isEither),
  },
  evidence: isApplied,
  floor: (p) => p.accounts,
  fires: ({ accounts, signups, agents }, p) =>
    accounts.value >= p.accounts && signups >= p.fresh * accounts.value && agents.known && agents.value <= p.agents,
  strength: ({ accounts }, p) => accounts.value / p.accounts,
  summary: ({ accounts, codes, signups }, key) =>
    `${accounts.value} accounts took ${codes.known ? `${codes.value} promo ${codes.value === 1 ? "code" : "codes"}` : "promo codes"} from ${key["clientIp"]} within a day, and ${signups} accounts were opened there`,
  target: () => undefined,
  examples: [
    {
      name: "one client opens an account after the other, for the welcome offer",
      fires: true,
      events: farm({ accounts: 9 }),
    },
    { name: "a household: four people, all new", fires: false, events: farm({ accounts: 4 }) },
    {
      name: "a campus in its first week",
      fires: false,
      events: farm({ accounts: 80 }).map((e, i) => ({ ...e, userAgent: `phone ${i % 13}` })),
    },
    {
      name: "a code goes viral: an office of customers takes it",
      fires: false,
      events: farm({ accounts: 40 }).filter((e) => e.endpointClass === "promo"),
    },
    {
      name: "the log has no user agents",
      fires: false,
      events: farm({ accounts: 30 }).map((e) => ({ ...e, userAgent: undefined })),
    },
  ],
  triage: [
    "Do the accounts share a delivery address, a card, a pattern of mail addresses?",
    "Were the orders sent? Those that were not can be stopped.",
    "Is it a shop or a fair of yours, where people sign up on one device?",
  ],
});

/** Each account is opened, and takes the code a minute later. */
function farm(of: { accounts: number }) {
  return Array.from({ length: of.accounts }, (_, i) => [
    {
      at: `${i * 5}m` as const,
      endpointClass: "signup" as const,
      outcome: "ok" as const,
      userId: `new-${i}`,
      userAgent: "Mozilla/5.0",
    },
    {
      at: `${i * 5 + 1}m` as const,
      endpointClass: "promo" as const,
      outcome: "ok" as const,
      userId: `new-${i}`,
      userAgent: "Mozilla/5.0",
      attributes: { promoCode: "WELCOME10" },
    },
  ]).flat();
}
