import { z } from "zod";
import { count, distinct, isAnswered, isRefused, type Figures } from "./define-detector.ts";
import { areFewEach, timesUsual, usualOdds, without } from "./failed-share.ts";

// What the detectors of one country's, network's or user agent's sign-ins have in common. They count
// by class and that part, and the whole class beside it.

/** As in `distributed-stuffing`: the share of all people who mistype, and what one client or account alone may have. */
const leastShare = 0.05;
const triesEach = { account: 5, client: 8 } as const;

/** Counters over a part of a class's attempts, and over all of them. */
export const failingPartCounters = {
  failures: count(isRefused),
  attempts: count(isAnswered),
  clients: distinct((e) => e.clientKey, isRefused),
  accounts: distinct((e) => e.userId, isRefused),
  allFailures: count(isRefused, { key: ["endpointClass"] }),
  allAttempts: count(isAnswered, { key: ["endpointClass"] }),
};

/**
 * The odds of Herley and Schechter (NDSS 2019): a value that attackers have and customers rarely do
 * fails ten times as often as the rest. The floors of clients and accounts are Elastic's for spraying.
 */
export const failingPartParams = z.strictObject({
  failures: z.int().min(1).default(30).meta({ description: "Its failed sign-ins in a quarter of an hour." }),
  clients: z.int().min(2).default(5).meta({ description: "Different clients they come from." }),
  accounts: z.int().min(1).default(8).meta({ description: "Different accounts tried, where the log tells." }),
  odds: z
    .number()
    .min(1)
    .default(10)
    .meta({ description: "So many times as many failures for each success as all others have." }),
  others: z.int().min(1).default(50).meta({ description: "Sign-ins of all others meanwhile, to compare with." }),
});

/** Whether a part's sign-ins fail far more often than those of all others meanwhile, over many clients with few tries each. */
export function standsOut(f: Figures<typeof failingPartCounters>, p: z.output<typeof failingPartParams>): boolean {
  if (f.failures < p.failures || f.clients.value < p.clients) return false;
  if (f.accounts.known && f.accounts.value < p.accounts) return false;
  if (!areFewEach(f.failures, f.accounts, triesEach.account)) return false;
  if (!areFewEach(f.failures, f.clients, triesEach.client)) return false;
  const others = without({ failures: f.allFailures, attempts: f.allAttempts }, f);
  return others.attempts >= p.others && timesUsual(f, usualOdds(others, leastShare)) >= p.odds;
}

/** The figures as a sentence that goes on from the part's name. */
export function failingPartSummary(f: Figures<typeof failingPartCounters>): string {
  const others = without({ failures: f.allFailures, attempts: f.allAttempts }, f);
  return (
    `${f.failures} of ${f.attempts} sign-ins failed within 15 minutes, from ${f.clients.value} clients` +
    (f.accounts.known ? ` over ${f.accounts.value} accounts` : "") +
    `; of all others ${others.failures} of ${others.attempts}`
  );
}
