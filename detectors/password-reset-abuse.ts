import { z } from "zod";
import {
  count,
  defineDetector,
  distinct,
  isAnswered,
  isOk,
  isRefused,
  type Known,
  natFactor,
} from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "password-reset-abuse",
  title: "One client resets passwords of many accounts",
  description:
    "Counts a client's requests for password resets: how many accounts were sent a mail, and how many codes were wrong. Where the log doesn't name the accounts, it takes three times as many requests, and more behind an address that customers share; wrong codes can't be told from wrong names. Names that the shop says it doesn't know belong to `account-enumeration`; mails to one account from many clients to `password-reset-bombing`.",
  owasp: ["API2:2023", "API6:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome"], better: ["userId"] },
  where: { endpointClass: ["password_reset"], attempt: true },
  key: ["clientIp"],
  window: "10m",
  // Rules of others begin at 5 resets of an address in ten minutes; ten different accounts are what
  // they ask of enumeration, and what no family has. Twenty wrong codes are this project's.
  params: z.strictObject({
    accounts: z
      .int()
      .min(2)
      .default(10)
      .meta({ description: "Different accounts that got a reset in ten minutes, where the log tells." }),
    codes: z
      .int()
      .min(1)
      .default(20)
      .meta({ description: "Or so many failures over few accounts: codes are guessed." }),
  }),
  counters: {
    resets: count(isOk),
    requests: count(isAnswered),
    accounts: distinct((e) => e.userId, isOk),
    failures: count(isRefused),
    failedAccounts: distinct((e) => e.userId, isRefused),
  },
  evidence: isAnswered,
  floor: (p) => Math.min(p.accounts, p.codes),
  fires: (f, p, context) => {
    if (timesTheFloor(f, p.accounts * natFactor(context)) >= 1) return true;
    return f.failedAccounts.known && f.failedAccounts.value < p.accounts && f.failures >= p.codes;
  },
  strength: (f, p, context) => Math.max(timesTheFloor(f, p.accounts * natFactor(context)), f.failures / p.codes),
  summary: ({ resets, requests, accounts, failures }, key) =>
    `${requests} password resets were tried from ${key["clientIp"]} within 10 minutes: ${resets} were accepted` +
    (accounts.known ? ` for ${accounts.value} accounts` : "") +
    `, ${failures} failed`,
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "a list of accounts gets a mail each",
      fires: true,
      events: Array.from({ length: 15 }, (_, i) => reset(i * 5, { userId: `listed-${i}` })),
    },
    {
      name: "forty codes are tried for one account",
      fires: true,
      events: Array.from({ length: 40 }, (_, i) => reset(i * 5, { userId: "anna", outcome: "failed" })),
    },
    {
      name: "the log has no user: three times as many requests",
      fires: true,
      events: Array.from({ length: 30 }, (_, i) => reset(i * 5, {})),
    },
    {
      name: "the log has no user: a few requests are not enough",
      fires: false,
      events: Array.from({ length: 12 }, (_, i) => reset(i * 5, {})),
    },
    {
      name: "a customer asks four times, and mistypes the code thrice",
      fires: false,
      events: Array.from({ length: 7 }, (_, i) => reset(i * 30, { userId: "anna", outcome: i > 3 ? "failed" : "ok" })),
    },
    {
      name: "a campus of sixty: within ten minutes fifteen forgot theirs",
      fires: false,
      events: [
        ...Array.from({ length: 60 }, (_, i) => signIn(i, `student-${i}`)),
        ...Array.from({ length: 15 }, (_, i) => reset(180 + i * 40, { userId: `student-${i}` })),
      ],
    },
    {
      name: "an office after a letter that asks everybody for a new password: one a minute or two",
      fires: false,
      events: Array.from({ length: 30 }, (_, i) => reset(i * 100, { userId: `clerk-${i}` })),
    },
  ],
  triage: [
    "Do the accounts exist, and are they in the order of a list?",
    "Was a reset completed, and a sign-in made from the same client after it?",
    "Did you ask many customers for a new password today? Then an office or a campus looks like this.",
  ],
});

function timesTheFloor({ resets, accounts }: { resets: number; accounts: Known }, floor: number): number {
  return accounts.known ? accounts.value / floor : resets / (3 * floor);
}

function reset(second: number, { userId, outcome = "ok" }: { userId?: string; outcome?: "ok" | "failed" }) {
  return {
    at: `${second}s` as const,
    endpointClass: "password_reset" as const,
    status: outcome === "ok" ? 202 : 400,
    outcome,
    userId,
  };
}

function signIn(second: number, userId: string) {
  return { at: `${second}s` as const, endpointClass: "login" as const, status: 200, outcome: "ok" as const, userId };
}
