import { z } from "zod";
import { count, defineDetector, distinct, type Duration } from "../src/detect/define-detector.ts";
import { isCharged, isDeclined } from "../src/detect/refusals.ts";

export default defineDetector({
  id: "card-testing-device",
  title: "One device tries many cards",
  description:
    "Counts the different cards that were declined on one device, whatever address it comes from. A family's tablet has a few cards, a till has many that work. A tester who makes up a new device each time is not seen here. It names those of its clients that never succeeded before.",
  owasp: ["API6:2023"],
  severity: "high",
  needs: { required: ["deviceId", "outcome", "attributes"], better: ["clientIp"] },
  where: { endpointClass: ["payment", "checkout"], attempt: true },
  key: ["deviceId"],
  window: "10m",
  // This project's own; commerce fraud rules call more than half declined critical. Three are a family's.
  params: z.strictObject({
    cards: z.int().min(2).default(5).meta({ description: "Different declined cards in ten minutes." }),
    ratio: z.number().gt(0).max(1).default(0.6).meta({ description: "Declined share of all payments." }),
  }),
  counters: {
    cards: distinct((e) => e.attributes?.["cardFingerprint"], isDeclined),
    declines: count(isDeclined),
    payments: count(isCharged),
  },
  evidence: isDeclined,
  floor: (p) => p.cards,
  fires: ({ cards, declines, payments }, p) => cards.value >= p.cards && declines >= p.ratio * payments,
  strength: ({ cards }, p) => cards.value / p.cards,
  summary: ({ cards, declines, payments }, key) =>
    `${Math.min(cards.value, declines)} different cards were declined on device ${key["deviceId"]} within 10 minutes (${declines} of ${payments} payments)`,
  target: ({ samples, firstSeen, succeededBefore }) =>
    [...new Set(samples.map(({ clientKey }) => clientKey))]
      .filter((client) => client !== undefined)
      .filter((client) => succeededBefore(client, firstSeen) === false)
      .map((value) => ({ scope: "ip", value })),
  examples: [
    {
      name: "one device, a card each time, another address each time",
      fires: true,
      events: payments({ cards: 8, every: 20 }),
    },
    {
      name: "a family's tablet: three cards, twice each",
      fires: false,
      events: [...payments({ cards: 3, every: 30 }), ...payments({ cards: 3, every: 35 })],
    },
    {
      name: "a till: many cards, and most are good",
      fires: false,
      events: [
        ...payments({ cards: 9, every: 60 }),
        ...payments({ cards: 60, every: 9 }).map((e) => ({ ...e, status: 200, outcome: "ok" as const })),
      ],
    },
    {
      name: "a customer tries one card nine times",
      fires: false,
      events: payments({ cards: 9, every: 20 }).map((e) => ({ ...e, attributes: { cardFingerprint: "fp-0" } })),
    },
  ],
  triage: [
    "Did any card work? Refund it and stop its order.",
    "Whose device is it: has it ever bought before?",
    "Do other devices of the same kind do the same now?",
  ],
});

function payments(of: { cards: number; every: number }) {
  return Array.from({ length: of.cards }, (_, i) => ({
    at: `${i * of.every}s` as Duration,
    endpointClass: "payment" as const,
    status: 402,
    outcome: "failed" as const,
    deviceId: "device-1",
    attributes: { cardFingerprint: `fp-${i}` },
    clientIp: `203.0.113.${i}`,
    clientKey: `203.0.113.${i}`,
  }));
}
