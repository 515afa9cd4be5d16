import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { count, defineDetector, distinct, type Duration, type Predicate } from "../src/detect/define-detector.ts";
import { isGiftCard } from "../src/detect/gift-card.ts";
import { objectOf } from "../src/detect/object-id.ts";
import { isRejected } from "../src/detect/refusals.ts";
import { hasSharedKey } from "../src/detect/strangers.ts";

/** With more user agents than these it is a campus or a carrier. */
const household = 3;
/** Where nothing is refused, it takes so many times as many accounts, and is only shown. */
const allGood = 3;

const isTried: Predicate = (e) => (e.outcome === "ok" || isRejected(e)) && !isGiftCard(e) && !hasSharedKey(e);
const isRefused: Predicate = (e) => isTried(e) && isRejected(e);

/** Whose points: the user's who is signed in, else whose number the path has. */
const accountOf = (e: AccessEvent) => e.userId ?? objectOf(e);

export default defineDetector({
  id: "loyalty-probing",
  title: "One client looks at many people's points",
  description:
    "Counts the different accounts whose points one client asked for or tried to spend, where many are refused. Where nothing is refused (accounts that were taken over, one after the other) it takes three times as many, and is only shown. An address with more than three user agents is not judged, since shops show points on every page; nor is what is asked with an API key alone: tills do it all day. The accounts come from the user or from an id in the path.",
  owasp: ["API1:2023", "API6:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome", "userId"], better: ["userAgent"] },
  where: { endpointClass: ["loyalty"], attempt: true },
  key: ["clientIp"],
  window: "10m",
  // This project's own: a household has a few accounts.
  params: z.strictObject({
    accounts: z.int().min(3).max(300).default(12).meta({ description: "Different accounts in ten minutes." }),
    ratio: z.number().gt(0).max(1).default(0.5).meta({ description: "Refused share of all tries." }),
  }),
  counters: {
    accounts: distinct(accountOf, isTried),
    rejected: count(isRefused),
    tries: count(isTried),
    agents: distinct((e) => e.userAgent, isTried),
  },
  evidence: isTried,
  floor: (p) => p.accounts,
  fires: ({ accounts, rejected, tries, agents }, p) => {
    if (agents.value > household) return false;
    return accounts.value >= (rejected >= p.ratio * tries ? p.accounts : allGood * p.accounts);
  },
  strength: ({ accounts, rejected, tries }, p) =>
    accounts.value / (rejected >= p.ratio * tries ? p.accounts : allGood * p.accounts),
  severityOf: ({ rejected, tries }, p) => (rejected >= p.ratio * tries ? "medium" : "low"),
  summary: ({ accounts, rejected, tries }, key) =>
    `${key["clientIp"]} asked for the points of ${Math.min(accounts.value, tries)} accounts within 10 minutes, ${rejected} of ${tries} tries were refused`,
  target: ({ key, samples }) =>
    2 * samples.filter(({ outcome }) => outcome === "failed").length >= samples.length
      ? { scope: "ip", value: key["clientIp"]! }
      : undefined,
  examples: [
    {
      name: "numbers of accounts are counted through",
      fires: true,
      events: looks({ accounts: 30, refused: 2 }).map((e, i) => ({
        ...e,
        userId: undefined,
        path: `/api/loyalty/${70_000 + i}`,
        route: "/api/loyalty/{id}",
      })),
    },
    {
      name: "accounts that were taken over, one after the other",
      fires: true,
      events: looks({ accounts: 45, refused: 0 }),
    },
    {
      name: "a household: five accounts, now and then refused",
      fires: false,
      events: [...looks({ accounts: 5, refused: 2 }), ...looks({ accounts: 5, refused: 2 })],
    },
    {
      name: "a campus: points are shown on every page",
      fires: false,
      events: looks({ accounts: 200, refused: 0 }).map((e, i) => ({ ...e, userAgent: `browser ${i % 9}` })),
    },
    {
      name: "a till asks for its customers' points, with its key",
      fires: false,
      events: looks({ accounts: 100, refused: 0 }).map((e, i) => ({
        ...e,
        userId: undefined,
        apiKey: "till-3",
        path: `/api/loyalty/${70_000 + i}`,
        route: "/api/loyalty/{id}",
      })),
    },
    {
      name: "a new app's sessions have expired",
      fires: false,
      events: looks({ accounts: 60, refused: 1 }).map((e) => ({ ...e, status: 401 })),
    },
  ],
  triage: [
    "Were points spent or moved from these accounts since?",
    "Did the same client sign in to them? Then they were taken over: treat it as credential stuffing.",
    "Is it customer care, or a till without a key of its own?",
  ],
});

/** Every `refused`-th is refused; 0: none. */
function looks(of: { accounts: number; refused: number }) {
  return Array.from({ length: of.accounts }, (_, i) => {
    const isNo = of.refused > 0 && i % of.refused === 0;
    return {
      at: `${i * 5}s` as Duration,
      method: "GET",
      path: "/api/loyalty",
      route: "/api/loyalty",
      endpointClass: "loyalty" as const,
      status: isNo ? 403 : 200,
      outcome: isNo ? ("failed" as const) : ("ok" as const),
      userId: `user-${i}` as string | undefined,
    };
  });
}
