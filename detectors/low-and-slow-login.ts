import { z } from "zod";
import {
  count,
  defineDetector,
  distinct,
  isAnswered,
  isRefused,
  type Known,
  natFactor,
} from "../src/detect/define-detector.ts";

const hourMs = 3_600_000;

export default defineDetector({
  id: "low-and-slow-login",
  title: "One client tries accounts slowly, for hours",
  description:
    "Counts a client's failed sign-ins over a day, and in how many of its hours there were any. It finds who stays below every count by minutes. Where the log names the accounts, few failures over many of them are enough; where it doesn't, it takes a hundred. Behind an address that customers share, it takes more. Who fails fast is found by `credential-stuffing` first. Whoever changes the address within the day is not seen here.",
  owasp: ["API2:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome"], better: ["userId"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["clientIp"],
  window: "1d",
  quiet: "3h",
  // synapse-waf: failures in three hours or more; Auth0 lets an address fail a hundred times a day.
  params: z.strictObject({
    hours: z.int().min(2).max(24).default(3).meta({ description: "Different hours of the day with failures." }),
    accounts: z.int().min(1).default(10).meta({ description: "Different accounts tried, where the log tells." }),
    failures: z.int().min(1).default(100).meta({ description: "Failed sign-ins in a day, where it doesn't." }),
    ratio: z.number().min(0).max(1).default(0.8).meta({ description: "Failed share of all sign-ins of the day." }),
  }),
  counters: {
    failures: count(isRefused),
    attempts: count(isAnswered),
    hours: distinct((e) => Math.floor(e.time / hourMs), isRefused),
    accounts: distinct((e) => e.userId, isRefused),
  },
  evidence: isRefused,
  floor: (p) => Math.min(p.accounts, p.failures),
  fires: ({ failures, attempts, hours, accounts }, p, context) => {
    if (hours.value < p.hours || failures < p.ratio * attempts) return false;
    return timesTheFloor({ failures, accounts }, p, natFactor(context)) >= 1;
  },
  strength: (f, p, context) => timesTheFloor(f, p, natFactor(context)),
  summary: ({ failures, attempts, hours, accounts }, key) =>
    `${failures} of ${attempts} sign-ins from ${key["clientIp"]} failed within a day, in ${hours.value} different hours` +
    (accounts.known ? `, over ${accounts.value} accounts` : " (the log doesn't tell the accounts)"),
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "one account every ten minutes, for three hours",
      fires: true,
      events: slowly({ tries: 18, everyMinutes: 10 }),
    },
    {
      name: "the log has no user: a try every three minutes, for six hours",
      fires: true,
      events: slowly({ tries: 120, everyMinutes: 3 }).map((event) => ({ ...event, userId: undefined })),
    },
    {
      name: "the log has no user: a try every ten minutes is not enough",
      fires: false,
      events: slowly({ tries: 18, everyMinutes: 10 }).map((event) => ({ ...event, userId: undefined })),
    },
    {
      name: "the same in one hour",
      fires: false,
      events: slowly({ tries: 18, everyMinutes: 3 }),
    },
    {
      name: "an app that still has the old password of one account",
      fires: false,
      events: slowly({ tries: 48, everyMinutes: 15 }).map((event) => ({ ...event, userId: "anna" })),
    },
    {
      name: "a campus: all day somebody mistypes, and then gets in",
      fires: false,
      events: slowly({ tries: 40, everyMinutes: 12 }).flatMap((event) => [
        event,
        { ...event, status: 200, outcome: "ok" as const },
      ]),
    },
  ],
  triage: [
    "Did one of the sign-ins succeed? `gatewatch why ADDRESS` and the gateway's log tell.",
    "Do other clients of the same network do the same, each a little?",
    "Is it a partner's program that signs in for many customers, with passwords that ended?",
  ],
});

/** Behind an address that customers share, the floors are so many times as high. */
function timesTheFloor(
  { failures, accounts }: { failures: number; accounts: Known },
  p: { failures: number; accounts: number },
  shared: number,
): number {
  return accounts.known ? accounts.value / (shared * p.accounts) : failures / (shared * p.failures);
}

/** One failed sign-in after the other, each on an account of its own. */
function slowly(of: { tries: number; everyMinutes: number }) {
  return Array.from({ length: of.tries }, (_, i) => ({
    at: `${Math.round(i * of.everyMinutes * 60)}s` as const,
    endpointClass: "login" as const,
    status: 401,
    outcome: "failed" as "failed" | "ok",
    userId: `user-${i}` as string | undefined,
  }));
}
