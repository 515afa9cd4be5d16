import { z } from "zod";
import { count, defineDetector, distinct } from "../src/detect/define-detector.ts";
import { type Attempts, failedShare, timesUsual, usualOdds, without } from "../src/detect/failed-share.ts";
import { isCharged, isDeclined } from "../src/detect/refusals.ts";

/** A shop that hardly ever declines counts as declining this share; the least that is normal is 5 %. */
const least = 0.05;
/** Of fewer payments than these an hour's share is chance. */
const fewest = 50;

export default defineDetector({
  id: "card-testing-site",
  title: "Far more cards are declined than usual",
  description:
    "Compares the declined share of all payments over ten minutes with the day before: card testing that no single client, device or network shows. A bank in trouble, or a fraud rule that became stricter, looks the same, so it asks people and names nobody. It says nothing before there is some history. Payments that break (5xx) are payment-storm's.",
  owasp: ["API6:2023"],
  severity: "high",
  needs: { required: ["outcome"], better: ["clientIp", "attributes"] },
  where: { endpointClass: ["payment", "checkout"], attempt: true },
  key: ["endpointClass"],
  window: "10m",
  // That a normal shop declines 5 to 15 %, and more than 30 % is critical, is what fraud rules of others
  // say. 40 declines are more than one network makes before it is found alone.
  params: z.strictObject({
    ratio: z.number().gt(0).max(1).default(0.3).meta({ description: "Declined share of all payments." }),
    times: z.number().min(1).default(2).meta({
      description: "So many times as many declines for each payment that succeeds as in the day before, or the hour.",
    }),
    payments: z.int().min(10).default(50).meta({ description: "Payments in ten minutes, or nothing is said." }),
    declines: z.int().min(5).default(40).meta({ description: "Declined payments in ten minutes." }),
    clients: z.int().min(1).default(10).meta({ description: "Different clients with declines, where the log tells." }),
    history: z.int().min(1).default(200).meta({ description: "Payments in the day before, or nothing is said." }),
  }),
  counters: {
    declines: count(isDeclined),
    payments: count(isCharged),
    clients: distinct((e) => e.clientKey, isDeclined),
    cards: distinct((e) => e.attributes?.["cardFingerprint"], isDeclined),
    hourDeclines: count(isDeclined, { window: "1h" }),
    hourPayments: count(isCharged, { window: "1h" }),
    dayDeclines: count(isDeclined, { window: "1d" }),
    dayPayments: count(isCharged, { window: "1d" }),
  },
  evidence: isDeclined,
  floor: (p) => p.declines,
  fires: (f, p) => {
    if (f.declines < p.declines || f.payments < p.payments || f.dayPayments - f.payments < p.history) return false;
    if (f.clients.known && f.clients.value < p.clients) return false;
    if (f.declines / f.payments < p.ratio) return false;
    // Odds, since a share that was high in the hours before, by another attack, can't be doubled.
    return timesUsual({ failures: f.declines, attempts: f.payments }, usualOdds(before(f), least)) >= p.times;
  },
  summary: (f) =>
    `${f.declines} of ${f.payments} payments were declined within 10 minutes` +
    (f.clients.known ? `, of ${f.clients.value} clients` : "") +
    (f.cards.known ? ` with ${f.cards.value} cards` : "") +
    `; over the last day ${f.dayDeclines} of ${f.dayPayments}`,
  target: () => undefined,
  examples: [
    {
      name: "a thousand clients, a card each",
      fires: true,
      events: [
        ...payments({ from: 0, minutes: 300, aMinute: 6, declinedOf: 10 }),
        ...payments({ from: 300, minutes: 10, aMinute: 30, declinedOf: 2 }),
      ],
    },
    {
      name: "a sale: ten times the payments, as many of them declined as ever",
      fires: false,
      events: [
        ...payments({ from: 0, minutes: 300, aMinute: 3, declinedOf: 10 }),
        ...payments({ from: 300, minutes: 10, aMinute: 30, declinedOf: 8 }),
      ],
    },
    {
      name: "a shop where a third is always declined",
      fires: false,
      events: payments({ from: 0, minutes: 400, aMinute: 8, declinedOf: 3 }),
    },
    {
      name: "a quiet night: three of eight",
      fires: false,
      events: payments({ from: 0, minutes: 2, aMinute: 4, declinedOf: 3 }),
    },
    {
      name: "the provider is down",
      fires: false,
      events: [
        { at: "0s", times: 300, every: "2s", endpointClass: "payment", status: 503, outcome: "failed" },
        { at: "0s", times: 60, every: "9s", endpointClass: "payment", status: 200, outcome: "ok" },
      ],
    },
  ],
  triage: [
    "Is it one bank's cards (`cardBin`), or all? One bank is a bank in trouble.",
    "Are the amounts small, the customers new, the carts alike?",
    "What changed at the provider: an outage, a stricter rule, an expired contract?",
  ],
});

/** The declined share of what came before these ten minutes: over the hour or the day, since either may hold an attack. */
function before(f: {
  declines: number;
  payments: number;
  hourDeclines: number;
  hourPayments: number;
  dayDeclines: number;
  dayPayments: number;
}): Attempts {
  const now = { failures: f.declines, attempts: f.payments };
  const hour = without({ failures: f.hourDeclines, attempts: f.hourPayments }, now);
  const day = without({ failures: f.dayDeclines, attempts: f.dayPayments }, now);
  return hour.attempts >= fewest && failedShare(hour) < failedShare(day) ? hour : day;
}

function payments(of: { from: number; minutes: number; aMinute: number; declinedOf: number }) {
  return Array.from({ length: of.minutes * of.aMinute }, (_, i) => {
    const isNo = i % of.declinedOf === 0;
    const client = `198.51.${Math.floor(i / 250) % 250}.${i % 250}`;
    return {
      at: `${Math.round((of.from + i / of.aMinute) * 60)}s` as const,
      endpointClass: "payment" as const,
      status: isNo ? 402 : 200,
      outcome: isNo ? ("failed" as const) : ("ok" as const),
      clientIp: client,
      clientKey: client,
    };
  });
}
