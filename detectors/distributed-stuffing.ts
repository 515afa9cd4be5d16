import { z } from "zod";
import { count, defineDetector, distinct, isAnswered, isRefused, type Known } from "../src/detect/define-detector.ts";
import {
  areFewEach,
  beyondUsual,
  fewestOf,
  calmestOf,
  timesUsual,
  usualOdds,
  without,
} from "../src/detect/failed-share.ts";

/** Some of all people mistype: a site whose sign-ins hardly ever fail counts as having this failed share. */
const leastShare = 0.05;
/**
 * Tries at each account, and of each client: whoever makes more is found alone. Elastic's rules for
 * stuffing have 2 tries at each account from one source, 5 from several; password managers that send an
 * old one make 4 and more.
 */
const triesEach = { account: 3, client: 8 } as const;
const nothing = { failures: 0, attempts: 0 };

/** Of its examples: how long customers come before anything else happens. */
const dayMinutes = 360;

export default defineDetector({
  id: "distributed-stuffing",
  title: "Sign-ins fail from everywhere",
  description:
    "Compares how often sign-ins fail over a quarter of an hour with the hour, the six hours and the day before (the calmest of the three), as a ratio of odds: a shift of the whole site, made by many clients with few tries each, that no count by client shows. Where as many successes are missing as failures came, it is an outage and no attack. It names nobody to block. An attack that grows over days, or is small beside the shop's own sign-ins, is not seen. A new login form that everybody mistypes in looks the same.",
  owasp: ["API2:2023"],
  severity: "high",
  needs: { required: ["clientIp", "outcome"], better: ["userId"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["endpointClass"],
  // The shortest window tells an outage within a minute; the floors are those of a quarter of an hour.
  window: "5m",
  quiet: "15m",
  // The floor is Elastic's rule for spraying from several sources (5 addresses, 8 users, 25 tries, at
  // most 5 for each user). The ratio of odds takes the place of a CUSUM over the failed share.
  params: z.strictObject({
    failures: z.int().min(1).default(25).meta({ description: "Failed sign-ins in a quarter of an hour." }),
    clients: z.int().min(2).default(5).meta({ description: "Different clients they come from." }),
    accounts: z.int().min(1).default(8).meta({ description: "Different accounts tried, where the log tells." }),
    odds: z
      .number()
      .min(1)
      .default(3)
      .meta({ description: "So many times as many failures for each success as is usual." }),
    history: z
      .int()
      .min(1)
      .default(300)
      .meta({ description: "Sign-ins of the hours or the day before; with fewer, all floors are four times as high." }),
  }),
  counters: {
    failures: count(isRefused, { window: "15m" }),
    attempts: count(isAnswered, { window: "15m" }),
    clients: distinct((e) => e.clientKey, isRefused, { window: "15m" }),
    accounts: distinct((e) => e.userId, isRefused, { window: "15m" }),
    failures5m: count(isRefused),
    attempts5m: count(isAnswered),
    clients5m: distinct((e) => e.clientKey, isRefused),
    accounts5m: distinct((e) => e.userId, isRefused),
    failures1h: count(isRefused, { window: "1h" }),
    attempts1h: count(isAnswered, { window: "1h" }),
    failures6h: count(isRefused, { window: "6h" }),
    attempts6h: count(isAnswered, { window: "6h" }),
    failures1d: count(isRefused, { window: "1d" }),
    attempts1d: count(isAnswered, { window: "1d" }),
  },
  evidence: isRefused,
  fires: (f, p) => {
    const usualShare = calmestOf(
      [
        without({ failures: f.failures1h, attempts: f.attempts1h }, f),
        without({ failures: f.failures6h, attempts: f.attempts6h }, f),
        without({ failures: f.failures1d, attempts: f.attempts1d }, f),
      ],
      p.history,
    );
    const times = usualShare === undefined ? 4 : 1;
    // With nothing to compare with, one failed sign-in in five is taken for usual.
    const odds = usualShare === undefined ? usualOdds(nothing, 0.2) : usualOdds(usualShare, leastShare);
    if (f.failures < times * p.failures || timesUsual(f, odds) < p.odds) return false;
    const usual = odds * (f.attempts - f.failures);
    const clients = beyondUsual(f.clients, usual);
    const accounts = beyondUsual(f.accounts, usual);
    if (clients.value < times * p.clients || (accounts.known && accounts.value < times * p.accounts)) return false;
    if (!areFewEach(f.failures - usual, clients, triesEach.client)) return false;
    if (!areFewEach(f.failures - usual, accounts, triesEach.account)) return false;
    return !isOutage(f);
  },
  shows: () => ["failures", "attempts", "clients", "accounts", "failures1d", "attempts1d"],
  summary: (f) =>
    `${f.failures} of ${f.attempts} sign-ins failed within 15 minutes, from ${f.clients.value} clients` +
    (f.accounts.known ? ` over ${f.accounts.value} accounts` : " (the log doesn't tell the accounts)") +
    `; over the last day ${f.failures1d} of ${f.attempts1d} failed`,
  target: () => undefined,
  examples: [
    {
      name: "a hundred clients try three accounts each",
      fires: true,
      events: [...aDay(), ...attack({ clients: 100, tries: 3 })],
    },
    {
      name: "the log has no accounts",
      fires: true,
      events: [...aDay(), ...attack({ clients: 100, tries: 3 })].map((event) => ({ ...event, userId: undefined })),
    },
    {
      name: "at the start, with nothing to compare with",
      fires: true,
      events: [...customers({ from: 0, minutes: 15, everySeconds: 10 }), ...attack({ at: 0, clients: 100, tries: 3 })],
    },
    {
      name: "the day's sign-ins, and nothing else",
      fires: false,
      events: aDay(),
    },
    {
      name: "a flash sale: ten times as many sign-ins, and as many of them fail as ever",
      fires: false,
      events: [...aDay(), ...customers({ from: dayMinutes, minutes: 20, everySeconds: 1.5 })],
    },
    {
      name: "the identity service fails: customers try twice, and nobody gets in",
      fires: false,
      events: [...aDay({ more: 0 }), ...outage({ minutes: 20, triesOfEach: 2 })],
    },
    {
      name: "one client alone tries three hundred accounts",
      fires: false,
      events: [...aDay(), ...attack({ clients: 1, tries: 300 })],
    },
    {
      name: "a few customers forgot their password after a holiday",
      fires: false,
      events: [...aDay(), ...attack({ clients: 6, tries: 3 })],
    },
  ],
  triage: [
    "Did a sign-in succeed for one of the accounts, from a client that never signed in to it before?",
    "Did a release, a new login form or a password policy begin at the same minute?",
    "What do the clients share: a network, a country, a user agent? The detectors of shares by each tell.",
  ],
});

/**
 * When the identity service fails, each customer who fails is one who would have got in: about as many
 * successes are missing as accounts failed. An attack adds failures, and customers get in as ever.
 */
function isOutage(f: {
  failures5m: number;
  attempts5m: number;
  failures1h: number;
  attempts1h: number;
  accounts5m: Known;
  clients5m: Known;
}): boolean {
  const now = { failures: f.failures5m, attempts: f.attempts5m };
  const earlier = without({ failures: f.failures1h, attempts: f.attempts1h }, now);
  const expected = (earlier.attempts - earlier.failures) / 11;
  // Five percent fewer is the time of day.
  const missing = Math.max(0, 0.95 * expected - (now.attempts - now.failures));
  const who = f.accounts5m.known
    ? fewestOf(now.failures, f.accounts5m, triesEach.account)
    : fewestOf(now.failures, f.clients5m, triesEach.client);
  return who < 3 * missing;
}

type Login = ReturnType<typeof login>;

function login(of: { second: number; who: number; client: string; outcome: "ok" | "failed" }) {
  return {
    at: `${Math.round(of.second * 1000)}ms` as const,
    endpointClass: "login" as const,
    status: of.outcome === "ok" ? 200 : 401,
    outcome: of.outcome,
    userId: `user-${of.who}` as string | undefined,
    clientIp: of.client,
    clientKey: of.client,
  };
}

/** Customers who sign in one by one; every tenth mistypes. */
function customers(of: { from: number; minutes: number; everySeconds: number }): Login[] {
  return Array.from({ length: Math.floor((of.minutes * 60) / of.everySeconds) }, (_, i) =>
    login({
      second: of.from * 60 + i * of.everySeconds,
      who: i,
      client: `198.51.100.${i % 250}`,
      outcome: i % 10 === 0 ? "failed" : "ok",
    }),
  );
}

/** Hours of customers, four a minute; `more`: and those of the minutes in which the rest happens. */
function aDay({ more = 20 } = {}): Login[] {
  return customers({ from: 0, minutes: dayMinutes + more, everySeconds: 15 });
}

/** Each client tries so many accounts once, within ten minutes. */
function attack(of: { at?: number; clients: number; tries: number }): Login[] {
  const start = (of.at ?? dayMinutes) * 60;
  const all = of.clients * of.tries;
  return Array.from({ length: all }, (_, i) =>
    login({
      second: start + Math.floor((i * 600) / all),
      who: 10_000 + i,
      client: `203.0.113.${i % of.clients}`,
      outcome: "failed",
    }),
  );
}

/** The same customers, and nobody gets in. */
function outage(of: { minutes: number; triesOfEach: number }): Login[] {
  return Array.from({ length: of.minutes * 4 * of.triesOfEach }, (_, i) =>
    login({
      second: dayMinutes * 60 + (i * 15) / of.triesOfEach,
      who: 20_000 + Math.floor(i / of.triesOfEach),
      client: `192.0.2.${Math.floor(i / of.triesOfEach) % 250}`,
      outcome: "failed",
    }),
  );
}
