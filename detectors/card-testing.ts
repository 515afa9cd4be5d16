import { z } from "zod";
import { count, defineDetector, distinct, type Duration, type Known } from "../src/detect/define-detector.ts";
import { isCharged, isDeclined } from "../src/detect/refusals.ts";
import { peopleBehind } from "../src/detect/strangers.ts";

const mostPeople = 10;
/** Where the log doesn't tell cards apart, it takes so many times as many declines. */
const unseenCards = 2;

export default defineDetector({
  id: "card-testing",
  title: "One client tries many cards",
  description:
    "Counts declined payments by client. Where the log tells cards apart by fingerprint, it takes several cards; where it doesn't, twice as many declines: a customer whose card is declined tries again. Payments that break (5xx) are no declines. An address with several user agents is allowed more. One card each from many clients is not seen here: see card-testing-network and card-testing-site.",
  owasp: ["API6:2023"],
  severity: "high",
  needs: { required: ["clientIp", "outcome"], better: ["attributes", "userAgent"] },
  where: { endpointClass: ["payment", "checkout"], attempt: true },
  key: ["clientIp"],
  window: "10m",
  // CrowdSec's rule for Magento: more than 3 declines by an address, of which one is forgotten every
  // 30 s. People have a few cards and try each of them twice, so this is later.
  params: z.strictObject({
    declines: z.int().min(3).default(8).meta({ description: "Declined payments in ten minutes." }),
    ratio: z.number().gt(0).max(1).default(0.6).meta({ description: "Declined share of all payments." }),
    cards: z.int().min(2).default(4).meta({ description: "Different cards, where the log tells." }),
  }),
  counters: {
    declines: count(isDeclined),
    payments: count(isCharged),
    cards: distinct((e) => e.attributes?.["cardFingerprint"], isDeclined),
    agents: distinct((e) => e.userAgent, isDeclined),
  },
  evidence: isDeclined,
  floor: (p) => p.declines,
  fires: ({ declines, payments, cards, agents }, p) => {
    return (
      timesFloor({ declines, cards, agents }, p) >= 1 &&
      declines >= p.ratio * payments &&
      (!cards.known || cards.value >= p.cards)
    );
  },
  strength: timesFloor,
  summary: ({ declines, payments, cards }, key) =>
    `${declines} of ${payments} payments from ${key["clientIp"]} were declined within 10 minutes` +
    (cards.known ? `, with ${Math.min(cards.value, declines)} different cards` : " (the log doesn't tell cards apart)"),
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "a list of cards is tried",
      fires: true,
      events: Array.from({ length: 12 }, (_, i) => declined({ at: `${i * 10}s`, card: `fp-${i}` })),
    },
    {
      name: "the log doesn't tell cards apart, and there are many declines",
      fires: true,
      events: Array.from({ length: 20 }, (_, i) => declined({ at: `${i * 10}s` })),
    },
    {
      name: "a customer's card is declined three times, then another works",
      fires: false,
      events: [
        ...["0s", "40s", "90s"].map((at) => declined({ at: at as Duration, card: "fp-1" })),
        { at: "150s", endpointClass: "payment", status: 200, outcome: "ok" },
      ],
    },
    {
      name: "the log doesn't tell cards apart: somebody is stubborn",
      fires: false,
      events: Array.from({ length: 10 }, (_, i) => declined({ at: `${i * 30}s` })),
    },
    {
      name: "a stubborn customer with two cards",
      fires: false,
      events: Array.from({ length: 14 }, (_, i) => declined({ at: `${i * 30}s`, card: `fp-${i % 2}` })),
    },
    {
      name: "a bank is in trouble: a carrier's address, many people",
      fires: false,
      events: Array.from({ length: 40 }, (_, i) =>
        declined({ at: `${i * 12}s`, card: `fp-${i}`, userAgent: `phone ${i % 9}` }),
      ),
    },
    {
      name: "the provider is down and the app tries again",
      fires: false,
      events: [{ at: "0s", times: 60, every: "5s", endpointClass: "payment", status: 502, outcome: "failed" }],
    },
    {
      name: "a till: many cards, and most are good",
      fires: false,
      events: [
        ...Array.from({ length: 10 }, (_, i) => declined({ at: `${i * 40}s`, card: `fp-${i}` })),
        { at: "0s", times: 90, every: "5s", endpointClass: "payment", status: 200, outcome: "ok" },
      ],
    },
  ],
  triage: [
    "Did any card work? Refund it and stop its order: its owner will dispute it.",
    "Are the amounts small, or always the same?",
    "Does your payment provider report a bank in trouble, or a rule of its own that changed?",
  ],
});

/** How many times as many declines as it takes. */
function timesFloor(f: { declines: number; cards: Known; agents: Known }, p: { declines: number }): number {
  return f.declines / (p.declines * peopleBehind(f.agents, mostPeople) * (f.cards.known ? 1 : unseenCards));
}

function declined(of: { at: Duration; card?: string; userAgent?: string }) {
  return {
    at: of.at,
    endpointClass: "payment" as const,
    status: 402,
    outcome: "failed" as const,
    userAgent: of.userAgent ?? "Mozilla/5.0",
    attributes: of.card === undefined ? undefined : { cardFingerprint: of.card },
  };
}
