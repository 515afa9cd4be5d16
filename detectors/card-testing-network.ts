import { z } from "zod";
import { count, defineDetector, distinct, type Duration } from "../src/detect/define-detector.ts";
import { timesUsual, usualOdds, without } from "../src/detect/failed-share.ts";
import { isCharged, isDeclined } from "../src/detect/refusals.ts";

/** A shop that hardly ever declines counts as declining this share; 5 to 15 % are normal. */
const least = 0.1;

export default defineDetector({
  id: "card-testing-network",
  title: "A network tries many cards",
  description:
    "Compares how often payments from one network (its number, ASN) are declined with how often all others are, as a ratio of odds: card testing spread over the addresses of one provider. When a bank or the provider is in trouble, every network's share rises and this stays silent. It blocks nobody: a network is many people.",
  owasp: ["API6:2023"],
  severity: "high",
  needs: { required: ["asn", "outcome"], better: ["clientIp", "attributes"] },
  where: { endpointClass: ["payment", "checkout"], attempt: true },
  key: ["endpointClass", "asn"],
  window: "10m",
  // CrowdSec's rule for Magento counts more than 10 addresses of a network with declines. That a normal
  // shop declines 5 to 15 % is what fraud rules of others say; the rest is this project's own.
  params: z.strictObject({
    declines: z.int().min(5).default(30).meta({ description: "Declined payments in ten minutes." }),
    clients: z.int().min(1).default(10).meta({ description: "Different clients they come from, where the log tells." }),
    cards: z.int().min(1).default(10).meta({ description: "Different cards, where the log tells." }),
    ratio: z.number().gt(0).max(1).default(0.5).meta({ description: "Declined share of the network's payments." }),
    times: z
      .number()
      .min(1)
      .default(5)
      .meta({ description: "So many times as many declines for each payment taken as all other networks." }),
  }),
  counters: {
    declines: count(isDeclined),
    payments: count(isCharged),
    clients: distinct((e) => e.clientKey, isDeclined),
    cards: distinct((e) => e.attributes?.["cardFingerprint"], isDeclined),
    allDeclines: count(isDeclined, { key: ["endpointClass"] }),
    allPayments: count(isCharged, { key: ["endpointClass"] }),
  },
  evidence: isDeclined,
  floor: (p) => p.declines,
  fires: (f, p) => {
    if (f.declines < p.declines || (f.clients.known && f.clients.value < p.clients)) return false;
    if (f.cards.known && f.cards.value < p.cards) return false;
    const own = { failures: f.declines, attempts: f.payments };
    const others = without({ failures: f.allDeclines, attempts: f.allPayments }, own);
    return f.declines >= p.ratio * f.payments && timesUsual(own, usualOdds(others, least)) >= p.times;
  },
  summary: (f, key) =>
    `${f.declines} of ${f.payments} payments from network AS${key["asn"]} were declined within 10 minutes, by ${f.clients.value} clients` +
    (f.cards.known ? ` with ${f.cards.value} cards` : "") +
    `; elsewhere ${f.allDeclines - f.declines} of ${f.allPayments - f.payments}`,
  target: ({ key }) => ({ scope: "as", value: key["asn"]! }),
  examples: [
    {
      name: "forty addresses of one provider, a card each",
      fires: true,
      events: [
        ...payments({ asn: 64_500, clients: 40, each: 1, declined: 1, of: 1 }),
        ...payments({ asn: 64_501, clients: 60, each: 2, declined: 1, of: 10 }),
      ],
    },
    {
      name: "a bank is in trouble, for everybody",
      fires: false,
      events: [
        ...payments({ asn: 64_500, clients: 60, each: 1, declined: 4, of: 5 }),
        ...payments({ asn: 64_501, clients: 60, each: 2, declined: 2, of: 3 }),
      ],
    },
    {
      name: "a large provider, with as many declines as everywhere",
      fires: false,
      events: payments({ asn: 64_500, clients: 200, each: 2, declined: 1, of: 10 }),
    },
    {
      name: "a company's card has expired, in forty of its offices",
      fires: false,
      events: [
        ...payments({ asn: 64_500, clients: 40, each: 1, declined: 1, of: 1 }).map((e) => ({
          ...e,
          attributes: { cardFingerprint: "fp-company" },
        })),
        ...payments({ asn: 64_501, clients: 60, each: 2, declined: 1, of: 10 }),
      ],
    },
    {
      name: "one customer alone",
      fires: false,
      events: payments({ asn: 64_500, clients: 1, each: 35, declined: 1, of: 1 }),
    },
  ],
  triage: [
    "What is the network: a hosting provider, or one that people live behind?",
    "Are the cards of one bank, the amounts small or always the same?",
    "Did any card work? Refund it and stop its order.",
  ],
});

/** Of each client so many payments; `declined` of every `of` are declined. */
function payments(of: { asn: number; clients: number; each: number; declined: number; of: number }) {
  return Array.from({ length: of.clients * of.each }, (_, i) => {
    const isNo = i % of.of < of.declined;
    const client = `198.51.${of.asn % 100}.${i % of.clients}`;
    return {
      at: `${i * 2}s` as Duration,
      endpointClass: "payment" as const,
      status: isNo ? 402 : 200,
      outcome: isNo ? ("failed" as const) : ("ok" as const),
      asn: of.asn,
      clientIp: client,
      clientKey: client,
    };
  });
}
