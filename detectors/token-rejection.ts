import { z } from "zod";
import { count, defineDetector, distinct, natFactor, type Predicate } from "../src/detect/define-detector.ts";
import { tokenReasonOf } from "../src/detect/token-reason.ts";

const isForged: Predicate = (e) => tokenReasonOf(e) === "forged";
const isUnsaid: Predicate = (e) => tokenReasonOf(e) === "unsaid";

/** Twenty people who get in. */
const office = Array.from({ length: 20 }, (_, i) => ({
  ...{ at: `${i}s` as const, endpointClass: "account" as const, status: 200, outcome: "ok" as const },
  userId: `colleague-${i}`,
}));

export default defineDetector({
  id: "token-rejection",
  title: "One client's tokens are turned away",
  description:
    "Counts, by client, answers that turn a token away. Where the log tells the reason (the attribute `reason`), only tokens that were never valid count: a wrong signature, issuer or key. Tokens that expired or were revoked don't, nor do requests without one: an app release makes every customer look like that. Where the log tells no reason, it takes twelve times as many 401s, of one or two programs only, since behind a shared address many people's pages ask before they sign in. It blocks nobody: a partner whose key was changed looks the same.",
  owasp: ["API2:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "status"], better: ["attributes", "userAgent"] },
  where: {
    endpointClass: [
      "account", "order", "cart", "checkout", "payment", "loyalty", "promo", "reservation", "admin", "debug", "catalog",
      "search", "other",
    ], // prettier-ignore
    outcome: ["denied", "failed"],
    origin: ["gateway"],
  },
  key: ["clientIp"],
  window: "10m",
  // CrowdSec's rule for 401s is a bucket of 5 that loses one every 10 s: 65 in ten minutes. A page that
  // polls without being signed in reaches that, so it is twice as many here.
  params: z.strictObject({
    forged: z.int().min(1).default(10).meta({ description: "Tokens that were never valid, in ten minutes." }),
    unsaid: z.int().min(1).default(120).meta({ description: "401s where the log doesn't tell why." }),
    programs: z
      .int()
      .min(1)
      .default(2)
      .meta({ description: "Of these at most so many user agents: more are many people behind one address." }),
  }),
  counters: {
    forged: count(isForged),
    unsaid: count(isUnsaid),
    programs: distinct((e) => e.userAgent, isUnsaid),
  },
  evidence: (e) => isForged(e) || isUnsaid(e),
  floor: (p) => Math.min(p.forged, p.unsaid),
  suppressedBy: ["token-rejection-surge"],
  fires: ({ forged, unsaid, programs }, p, context) =>
    forged >= p.forged * natFactor(context) || (unsaid >= p.unsaid && programs.value <= p.programs),
  strength: ({ forged, unsaid }, p, context) => Math.max(forged / (p.forged * natFactor(context)), unsaid / p.unsaid),
  severityOf: ({ forged }, p) => (forged >= p.forged ? "medium" : "low"),
  summary: ({ forged, unsaid }, key) =>
    forged >= unsaid
      ? `${forged} tokens from ${key["clientIp"]} within 10 minutes were never valid`
      : `${unsaid} requests from ${key["clientIp"]} were answered 401 within 10 minutes (the log doesn't tell why)`,
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "tokens with signatures of one's own",
      fires: true,
      events: [rejected({ times: 15, every: "10s", reason: "invalid_signature" })],
    },
    {
      name: "tokens are tried, one every three seconds; the log doesn't tell why",
      fires: true,
      events: [rejected({ times: 150, every: "3s" })],
    },
    {
      name: "an app release: each customer's app renews an expired token over and over",
      fires: false,
      events: [rejected({ times: 300, every: "1s", reason: "token_expired" })],
    },
    {
      name: "the same, where the log doesn't tell why: each app a few times",
      fires: false,
      events: [rejected({ times: 20, every: "5s" })],
    },
    {
      name: "a page that asks for the account before anybody signed in",
      fires: false,
      events: [rejected({ times: 200, every: "2s", reason: "missing_token" })],
    },
    {
      name: "a campus whose students' pages ask before they sign in; the log doesn't tell why",
      fires: false,
      events: Array.from({ length: 30 }, (_, i) => ({
        ...rejected({ times: 10, every: "20s" }),
        userAgent: `Mozilla/5.0 (${i})`,
      })),
    },
    {
      name: "forged tokens from the address of an office: a fifth of its users is allowed ten times as many",
      fires: false,
      events: [...office, { ...rejected({ times: 30, every: "10s", reason: "invalid_signature" }), at: "2m" }],
    },
    {
      name: "rights are missing, not tokens",
      fires: false,
      events: [{ ...rejected({ times: 200, every: "2s", reason: "missing_scope" }), status: 403 }],
    },
  ],
  triage: [
    "Is it a partner or a service of your own whose key was changed today?",
    "Do the tokens name many users, or one with more rights than a customer has?",
    "Did a request with such a token ever succeed? Then the check itself is broken.",
  ],
});

function rejected(of: { times: number; every: `${number}s`; reason?: string }) {
  return {
    at: "0s" as const,
    times: of.times,
    every: of.every,
    endpointClass: "account" as const,
    status: 401,
    outcome: "denied" as const,
    attributes: of.reason === undefined ? undefined : { reason: of.reason },
  };
}
