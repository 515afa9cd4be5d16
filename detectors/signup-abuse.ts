import { z } from "zod";
import { count, defineDetector, distinct, isFailed, isOk, type Predicate } from "../src/detect/define-detector.ts";

/** Those that were refused are the business of account-enumeration. */
const isSignup: Predicate = (e) => e.endpointClass === "signup" && e.outcome !== "limited" && !isFailed(e);
const isCreated: Predicate = (e) => e.endpointClass === "signup" && isOk(e);
const isSignIn: Predicate = (e) => e.endpointClass === "login" && isOk(e);

export default defineDetector({
  id: "signup-abuse",
  title: "One client signs up again and again",
  description:
    "Counts sign-ups by client, those tried (but for those refused, which belong to `account-enumeration`) and those that made an account, and sets them against the sign-ins from the same address: behind a campus or a carrier most people have an account already, behind a farm hardly anybody. A farm that signs in to its accounts as often as it makes them, or has an address for each, is not seen here.",
  owasp: ["API6:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome"], better: ["userId"] },
  where: { endpointClass: ["signup", "login"], attempt: true },
  key: ["clientIp"],
  window: "10m",
  // AWS WAF's account creation fraud prevention: more than 20 tries or more than 10 accounts from an
  // address in 10 minutes are high. The share that keeps a shared address out is this project's.
  params: z.strictObject({
    created: z.int().min(1).default(10).meta({ description: "More new accounts than this in ten minutes." }),
    signups: z
      .int()
      .min(1)
      .default(20)
      .meta({ description: "Or more sign-ups tried than this, without those refused." }),
    share: z
      .number()
      .min(0)
      .max(1)
      .default(0.4)
      .meta({ description: "Share of sign-ups among them and the customers who sign in." }),
  }),
  counters: {
    signups: count(isSignup),
    created: count(isCreated),
    customers: distinct((e) => e.userId, isSignIn),
    signIns: count(isSignIn),
  },
  evidence: isSignup,
  floor: (p) => Math.min(p.created, p.signups),
  fires: ({ signups, created, customers, signIns }, p) => {
    if (created <= p.created && signups <= p.signups) return false;
    // Where the log has no users each sign-in counts as somebody else's: so it stays silent sooner.
    return signups >= p.share * (signups + (customers.known ? customers.value : signIns));
  },
  strength: ({ signups, created }, p) => Math.max(created / p.created, signups / p.signups),
  severityOf: ({ created }, p) => (created > 3 * p.created ? "high" : "medium"),
  shows: () => ["signups", "created", "signIns"],
  summary: ({ signups, created, signIns }, key) =>
    `${signups} sign-ups from ${key["clientIp"]} within 10 minutes made ${created} accounts; ${signIns} sign-ins came from there`,
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "a farm makes an account every ten seconds",
      fires: true,
      events: [...signups({ tries: 30, everySeconds: 10 })],
    },
    {
      name: "a farm that signs in to an account of its own in between",
      fires: true,
      events: [...signups({ tries: 30, everySeconds: 10 }), ...signIns({ customers: 1, each: 60 })],
    },
    {
      name: "the log has no users",
      fires: true,
      events: signups({ tries: 30, everySeconds: 10 }).map((event) => ({ ...event, userId: undefined })),
    },
    {
      name: "a campus in its first week: a voucher goes round, and most have an account",
      fires: false,
      events: [...signups({ tries: 25, everySeconds: 20 }), ...signIns({ customers: 60, each: 1 })],
    },
    {
      name: "the same, where the log has no users",
      fires: false,
      events: [...signups({ tries: 25, everySeconds: 20 }), ...signIns({ customers: 60, each: 1 })].map((event) => ({
        ...event,
        userId: undefined,
      })),
    },
    {
      name: "a family: five make an account, after some mistakes",
      fires: false,
      events: [...signups({ tries: 5, everySeconds: 60 }), ...signups({ tries: 7, everySeconds: 60, failed: true })],
    },
    {
      name: "a list of names that are taken: the business of account enumeration",
      fires: false,
      events: signups({ tries: 40, everySeconds: 10, failed: true }),
    },
    {
      name: "our own block is no sign-up",
      fires: false,
      events: signups({ tries: 40, everySeconds: 5 }).map((event) => ({
        ...event,
        outcome: "denied" as const,
        status: 403,
        enforced: true,
      })),
    },
  ],
  triage: [
    "Do the new accounts look alike: names, mail addresses, delivery addresses, the minute they were made?",
    "What do they do next: redeem a code for new customers, buy gift cards, write reviews?",
    "Is it a shop, a school or a fair where people sign up on the spot?",
  ],
});

function signups(of: { tries: number; everySeconds: number; failed?: boolean }) {
  return Array.from({ length: of.tries }, (_, i) => ({
    at: `${i * of.everySeconds}s` as const,
    endpointClass: "signup" as const,
    status: of.failed ? 409 : 201,
    outcome: of.failed ? ("failed" as const) : ("ok" as const),
    userId: `new-${i}` as string | undefined,
  }));
}

function signIns(of: { customers: number; each: number }) {
  return Array.from({ length: of.customers * of.each }, (_, i) => ({
    at: `${Math.floor((i * 480) / (of.customers * of.each))}s` as const,
    endpointClass: "login" as const,
    status: 200,
    outcome: "ok" as const,
    userId: `user-${i % of.customers}` as string | undefined,
  }));
}
