import { z } from "zod";
import {
  count,
  distinct,
  isAnswered,
  isOk,
  isRefused,
  natFactor,
  type Figures,
  type JudgeContext,
} from "./define-detector.ts";

// Whether one client tries many accounts; asked by what finds the client, and by what finds that it got in.

/** Sign-ins of one client. */
export const triedAccountsCounters = {
  failures: count(isRefused),
  attempts: count(isAnswered),
  accounts: distinct((e) => e.userId, isRefused),
  customers: distinct((e) => e.userId, isOk),
};

// AWS WAF acts on more than 10 failed logins in 10 minutes, Auth0 on 10; the ratio keeps an office
// behind one address out. Ten accounts at six in ten found all attackers of a labelled log, and no
// office (docs/detectors.md has the sources).
export const triedAccountsParams = z.strictObject({
  failures: z.int().min(1).default(8).meta({ description: "Failed sign-ins in ten minutes." }),
  ratio: z.number().min(0).max(1).default(0.8).meta({ description: "Failed share of all sign-ins." }),
  accounts: z.int().min(1).default(3).meta({ description: "Different accounts tried, where the log tells." }),
  list: z
    .int()
    .min(1)
    .default(10)
    .meta({ description: "Or so many accounts that failed, however often others succeeded." }),
  listRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.6)
    .meta({ description: "Then their share of all accounts, those that succeeded included." }),
});

type SignIns = Figures<typeof triedAccountsCounters>;
type Limits = z.output<typeof triedAccountsParams>;

/** Many accounts are tried from one client. Behind a shared address the floors rise with the customers who got in today. */
export function triesManyAccounts(
  { failures, attempts, accounts, customers }: SignIns,
  p: Limits,
  context: JudgeContext,
): boolean {
  const shared = natFactor(context);
  const mostlyFails = failures >= p.ratio * attempts;
  if (!accounts.known) return mostlyFails && failures >= 3 * shared * p.failures;
  if (mostlyFails && failures >= shared * p.failures && accounts.value >= p.accounts) return true;
  // Who signs in to an account of one's own in between lowers the ratio of tries, not that of accounts.
  return accounts.value >= shared * p.list && accounts.value >= p.listRatio * (accounts.value + customers.value);
}

/** How many times over the floors it is; by the nearer of failures and accounts, or by the list's. */
export function timesTheFloor({ failures, attempts, accounts }: SignIns, p: Limits, context: JudgeContext): number {
  const shared = natFactor(context);
  if (!accounts.known) return failures / (3 * shared * p.failures);
  const tries = failures >= p.ratio * attempts ? failures / (shared * p.failures) : 0;
  return Math.max(Math.min(tries, accounts.value / p.accounts), accounts.value / (shared * p.list));
}
