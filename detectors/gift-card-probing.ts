import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import {
  count,
  defineDetector,
  distinct,
  type Duration,
  type Known,
  type Predicate,
} from "../src/detect/define-detector.ts";
import { actorInWords, actorTarget } from "../src/detect/actor-target.ts";
import { isGiftCard } from "../src/detect/gift-card.ts";
import { objectOf } from "../src/detect/object-id.ts";
import { isRejected } from "../src/detect/refusals.ts";
import { hasSharedKey, peopleBehind, strangerAgent } from "../src/detect/strangers.ts";

const mostPeople = 10;
/** Where the log doesn't tell cards apart, it takes so many times as many refusals. */
const unseenCards = 2;

const isRefused: Predicate = (e) => isRejected(e) && isGiftCard(e) && !hasSharedKey(e);
const isTried: Predicate = (e) => (e.outcome === "ok" || isRejected(e)) && isGiftCard(e) && !hasSharedKey(e);

/** A keyed hash of the card, or what the path has. */
const cardOf = (e: AccessEvent) => e.attributes?.["giftCardFingerprint"] ?? objectOf(e);

export default defineDetector({
  id: "gift-card-probing",
  title: "Gift cards are guessed",
  description:
    "Counts the different gift cards whose balance one visitor asked for, or that they tried to pay with, where many don't exist. Whoever checks a drawer full of real cards is not found, and neither is a thief with a list of cards that all work. An address with several user agents is allowed more; what is asked with an API key alone is not judged: tills do it all day.",
  owasp: ["API6:2023"],
  severity: "high",
  needs: { required: ["clientIp", "outcome"], better: ["attributes", "userAgent"] },
  where: { endpointClass: ["loyalty", "promo"], attempt: true },
  key: ["actor"],
  window: "10m",
  // This project's own: people mistype the few cards they have.
  params: z.strictObject({
    cards: z.int().min(3).max(900).default(12).meta({ description: "Different cards tried in ten minutes." }),
    ratio: z.number().gt(0).max(1).default(0.5).meta({ description: "Refused share of all tries." }),
  }),
  counters: {
    cards: distinct(cardOf, isTried),
    rejected: count(isRefused),
    tries: count(isTried),
    agents: distinct(strangerAgent, isTried),
  },
  evidence: isTried,
  floor: (p) => p.cards,
  fires: (f, p) => f.rejected >= p.ratio * f.tries && timesFloor(f, p) >= 1,
  strength: timesFloor,
  summary: ({ cards, rejected, tries }, key) =>
    `${actorInWords(key["actor"]!)} tried gift cards ${tries} times within 10 minutes, ${rejected} were refused` +
    (cards.known ? `; ${Math.min(cards.value, tries)} different cards` : " (the log doesn't tell cards apart)"),
  target: ({ key }) => actorTarget(key["actor"]!),
  examples: [
    { name: "balances of cards that mostly don't exist", fires: true, events: checks({ cards: 40, good: 9 }) },
    {
      name: "the same, with the card in the path",
      fires: true,
      events: checks({ cards: 40, good: 9 }).map((e, i) => ({
        ...e,
        path: `/api/gift-cards/${80_000 + i}/balance`,
        route: "/api/gift-cards/{id}/balance",
        attributes: undefined,
      })),
    },
    { name: "an office hands out fifty cards, and checks each", fires: false, events: checks({ cards: 50, good: 1 }) },
    {
      name: "one card, mistyped and read again",
      fires: false,
      events: checks({ cards: 11, good: 3 }),
    },
    {
      name: "promo codes that are refused are another matter",
      fires: false,
      events: checks({ cards: 60, good: 99 }).map((e) => ({
        ...e,
        route: "promo.rejected",
        endpointClass: "promo" as const,
        attributes: { promoCode: "X" },
      })),
    },
    {
      name: "a new app's sessions have expired",
      fires: false,
      events: checks({ cards: 60, good: 99 }).map((e) => ({ ...e, status: 401 })),
    },
  ],
  triage: [
    "Which cards did exist? Freeze those whose balance was seen, and issue new ones.",
    "Was anything bought with one of them since?",
    "Are the numbers a pattern that can be counted through? Then the check needs a second secret.",
  ],
});

/** How many times as many as it takes. */
function timesFloor(f: { cards: Known; rejected: number; agents: Known }, p: { cards: number }): number {
  const least = p.cards * peopleBehind(f.agents, mostPeople);
  return f.cards.known ? f.cards.value / least : f.rejected / (least * unseenCards);
}

/** Each `good`-th card exists. */
function checks(of: { cards: number; good: number }) {
  return Array.from({ length: of.cards }, (_, i) => {
    const exists = i % of.good === of.good - 1;
    return {
      at: `${i * 4}s` as Duration,
      origin: "shop" as const,
      path: "giftcard.balance_checked",
      route: exists ? "giftcard.balance_checked" : "giftcard.rejected",
      endpointClass: "loyalty" as const,
      status: 0,
      outcome: exists ? ("ok" as const) : ("failed" as const),
      attributes: { giftCardFingerprint: `gc-${i}` },
    };
  });
}
