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
/** Where the log doesn't tell the codes, it takes so many times as many. */
const unseenCodes = 2;

/** The code that was tried: as the application says, or as the path has it. */
const codeOf = (e: AccessEvent) => e.attributes?.["promoCode"] ?? objectOf(e);

const isRejectedCode: Predicate = (e) => isRejected(e) && !hasSharedKey(e) && !isGiftCard(e);
const isTried: Predicate = (e) => (e.outcome === "ok" || isRejected(e)) && !hasSharedKey(e) && !isGiftCard(e);

export default defineDetector({
  id: "promo-guessing",
  title: "Promo codes are guessed",
  description:
    "Counts the different promo codes that were refused to one visitor. One expired code that everybody has heard of is one code, however often it is tried. Browser extensions try the dozen or two that they know, which is why it takes more. An address with several user agents is allowed more; what is tried with an API key alone is not judged. Guessing spread over many addresses is not seen.",
  owasp: ["API6:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome"], better: ["attributes", "userAgent"] },
  where: { endpointClass: ["promo"], attempt: true },
  key: ["actor"],
  window: "10m",
  // This project's own: five codes are a person's, twenty an extension's.
  params: z.strictObject({
    codes: z.int().min(3).max(900).default(25).meta({ description: "Different codes refused in ten minutes." }),
    ratio: z.number().gt(0).max(1).default(0.8).meta({ description: "Refused share of all tries." }),
  }),
  counters: {
    codes: distinct(codeOf, isRejectedCode),
    rejected: count(isRejectedCode),
    tries: count(isTried),
    agents: distinct(strangerAgent, isRejectedCode),
  },
  evidence: isRejectedCode,
  floor: (p) => p.codes,
  fires: (f, p) => f.rejected >= p.ratio * f.tries && timesFloor(f, p) >= 1,
  strength: timesFloor,
  severityOf: ({ rejected }, p) => (rejected >= 10 * p.codes ? "high" : "medium"),
  summary: ({ codes, rejected, tries }, key) =>
    `${rejected} of ${tries} promo codes that ${actorInWords(key["actor"]!)} tried within 10 minutes were refused` +
    (codes.known ? `, ${Math.min(codes.value, rejected)} different ones` : " (the log doesn't tell the codes)"),
  target: ({ key }) => actorTarget(key["actor"]!),
  examples: [
    { name: "codes in order, two a second", fires: true, events: tries({ codes: 60, everyMs: 500 }) },
    {
      name: "the code is in the path, and nothing else tells it",
      fires: true,
      events: tries({ codes: 60, everyMs: 500 }).map((e, i) => ({
        ...e,
        path: `/api/coupons/AB${i}CD`,
        route: "/api/coupons/{id}",
        attributes: undefined,
      })),
    },
    {
      name: "a browser extension tries what it knows, and one code works",
      fires: false,
      events: [
        ...tries({ codes: 18, everyMs: 700, userId: "anna" }),
        { at: "20s", endpointClass: "promo", outcome: "ok", userId: "anna", attributes: { promoCode: "WELCOME" } },
      ],
    },
    {
      name: "a code went viral and has expired: a campus tries it",
      fires: false,
      events: tries({ codes: 200, everyMs: 2000 }).map((e) => ({ ...e, attributes: { promoCode: "VIRAL50" } })),
    },
    {
      name: "the same, where the log doesn't tell the code",
      fires: false,
      events: tries({ codes: 200, everyMs: 2000 }).map((e, i) => ({
        ...e,
        attributes: undefined,
        userAgent: `phone ${i % 11}`,
      })),
    },
    {
      name: "the service that checks codes is down",
      fires: false,
      events: tries({ codes: 80, everyMs: 2000 }).map((e) => ({ ...e, status: 500 })),
    },
  ],
  triage: [
    "Did a code work in the end? Withdraw it, and see what was ordered with it.",
    "Are the codes a pattern that can be counted through? Then new ones need to be longer.",
    "Do other visitors try codes of the same pattern?",
  ],
});

/** How many times as many as it takes. */
function timesFloor(f: { codes: Known; rejected: number; agents: Known }, p: { codes: number }): number {
  const least = p.codes * peopleBehind(f.agents, mostPeople);
  return f.codes.known ? f.codes.value / least : f.rejected / (least * unseenCodes);
}

function tries(of: { codes: number; everyMs: number; userId?: string }) {
  return Array.from({ length: of.codes }, (_, i) => ({
    at: `${i * of.everyMs}ms` as Duration,
    path: "/api/cart/coupon",
    route: "/api/cart/coupon",
    endpointClass: "promo" as const,
    status: 422,
    outcome: "failed" as const,
    userId: of.userId,
    attributes: { promoCode: `SAVE-${i}` } as Record<string, string> | undefined,
  }));
}
