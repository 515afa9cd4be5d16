import { describe, expect, test } from "vitest";
import { type JudgeContext, noContext } from "../../src/detect/judge-context.ts";
import { shippedDetectors } from "../support/run-engine.ts";

// Figures just at the thresholds of each detector of identities, and what is one short of them.

type Figures = Readonly<Record<string, unknown>>;

const known = (value: number) => ({ known: true, value });
const unknown = { known: false, value: 0 };

/** A quarter of an hour in which two of a hundred sign-ins more than usual fail, and nothing is missing. */
const site = {
  ...{ failures: 38, attempts: 128, clients: known(32), accounts: known(35) },
  ...{ failures5m: 13, attempts5m: 43, clients5m: known(12), accounts5m: known(12) },
  ...{ failures1h: 68, attempts1h: 428, failures6h: 278, attempts6h: 2528, failures1d: 1078, attempts1d: 10128 },
};
/** A part with thirty failures beside sixty sign-ins of others, six of which failed. */
const part = {
  ...{ failures: 30, attempts: 52, clients: known(5), accounts: known(8) },
  ...{ allFailures: 36, allAttempts: 112 },
};

interface Case {
  readonly at: Figures;
  readonly short: Readonly<Record<string, Figures>>;
  /** Of what is known beside the figures. */
  readonly context?: Partial<JudgeContext>;
}

const cases: Readonly<Record<string, Case>> = {
  "account-enumeration": {
    at: { refused: 10, asked: 16, names: known(10) },
    short: {
      "nine names": { names: known(9) },
      "too many were accepted": { asked: 17 },
      "no names in the log, and twenty-nine refusals": { refused: 29, asked: 29, names: unknown },
    },
  },
  "account-takeover": {
    at: { failures: 10, clients: known(5), successes: 1, networks: { new: 1, known: 3 } },
    short: {
      "nine failures": { failures: 9 },
      "four clients": { clients: known(4) },
      "a network of before": { networks: { new: 0, known: 3 } },
    },
  },
  "account-under-attack": {
    at: { failures: 10, clients: known(5), countries: known(2), networks: unknown, agents: known(1) },
    short: {
      "nine failures": { failures: 9 },
      "four clients": { clients: known(4) },
      "one country, two networks, two programs": { countries: known(1), networks: known(2), agents: known(2) },
    },
  },
  "api-key-sharing": {
    at: { requests: 11, clients: known(11), networks: known(3), agents: known(1) },
    short: {
      "ten clients": { clients: known(10) },
      "two networks": { networks: known(2) },
      "no networks in the log, and thirty clients": { clients: known(30), networks: unknown, agents: known(9) },
    },
  },
  "country-surge": {
    at: { requests: 50, total: 250, clients: known(5), hourRequests: 0, hourTotal: 0, dayRequests: 50, dayTotal: 1000 },
    short: {
      "less than four times its share of the hour before": { hourRequests: 53, hourTotal: 300 },
      "forty-nine requests": { requests: 49, total: 200 },
      "less than a fifth": { total: 251 },
      "four clients": { clients: known(4) },
      "less than four times its share": { dayRequests: 51 },
      "too little history": { dayRequests: 0, dayTotal: 99 },
    },
  },
  "distributed-stuffing": {
    at: site,
    short: {
      "twenty-four failures": { failures: 24, attempts: 60 },
      "four clients beyond the usual": { clients: known(11) },
      "seven accounts beyond the usual": { accounts: known(13) },
      "more than eight tries each": { failures: 70, attempts: 160, clients: known(13), accounts: known(60) },
      "less than three times the odds": { attempts: 155 },
      "an hour as bad as this": { failures1h: 168, failures6h: 900, failures1d: 4000 },
      "successes that are missing": { attempts5m: 33 },
      "no history, and less than four times the floors": { attempts1h: 427, attempts6h: 427, attempts1d: 427 },
    },
  },
  "low-and-slow-login": {
    at: { failures: 16, attempts: 20, hours: known(3), accounts: known(10) },
    short: {
      "two hours": { hours: known(2) },
      "nine accounts": { accounts: known(9) },
      "too many succeeded": { attempts: 21 },
      "no accounts in the log, and ninety-nine failures": { failures: 99, attempts: 99, accounts: unknown },
    },
  },
  "new-place-for-user": {
    at: { countries: { new: 1, known: 1 }, networks: { new: 0, known: 0 }, programs: { new: 1, known: 1 }, from: [] },
    short: {
      "no country is new": { countries: { new: 0, known: 1 } },
      "no country is known": { countries: { new: 1, known: 0 } },
      "no program is new": { programs: { new: 0, known: 1 } },
    },
  },
  "password-guessing": {
    at: { failures: 50, clients: known(4) },
    short: { "forty-nine failures": { failures: 49 }, "five clients": { clients: known(5) } },
  },
  "password-reset-abuse": {
    at: { resets: 10, requests: 10, accounts: known(10), failures: 0, failedAccounts: unknown },
    short: {
      "nine accounts": { accounts: known(9) },
      "nineteen wrong codes": { accounts: unknown, resets: 0, failures: 19, failedAccounts: known(1) },
      "no accounts in the log, and twenty-nine resets": { accounts: unknown, resets: 29 },
    },
  },
  "password-reset-bombing": {
    at: { resets: 5, clients: known(3) },
    short: { "four resets": { resets: 4 }, "two clients": { clients: known(2) } },
  },
  "signup-abuse": {
    at: { signups: 11, created: 11, customers: known(16), signIns: 16 },
    short: {
      "ten accounts": { signups: 10, created: 10, customers: unknown, signIns: 0 },
      "twenty tries": { signups: 20, created: 0, customers: unknown, signIns: 0 },
      "seventeen customers sign in": { customers: known(17) },
      "no users in the log, and seventeen sign-ins": { customers: unknown, signIns: 17 },
    },
  },
  "stuffing-by-country": {
    at: part,
    short: {
      "twenty-nine failures": { failures: 29, attempts: 40, allFailures: 35, allAttempts: 100 },
      "four clients": { clients: known(4), failures: 30 },
      "seven accounts": { accounts: known(7) },
      "less than ten times the odds": { attempts: 57, allAttempts: 117 },
      "too few others": { allFailures: 30, allAttempts: 101 },
    },
  },
  "token-rejection": {
    at: { forged: 0, unsaid: 120, programs: known(2) },
    short: {
      "119 without a reason": { unsaid: 119 },
      "three programs": { programs: known(3) },
      "nine that were never valid": { unsaid: 0, forged: 9 },
    },
  },
  "token-rejection-surge": {
    at: { rejected: 200, clients: known(20), spread: known(160), ended: 0, forged: 0, missing: 0, inHour: 400 },
    context: { watchedMs: 3_600_000 },
    short: {
      "199 tokens": { rejected: 199 },
      "nineteen clients": { rejected: 200, clients: known(19) },
      "less than five times the hour before": { inHour: 401 },
      "most of them from few, who ask again and again": { spread: known(159) },
    },
  },
  "token-sharing": {
    at: { requests: 6, clients: known(6), networks: known(2), agents: known(2) },
    short: {
      "five clients": { clients: known(5) },
      "one network": { networks: known(1) },
      "one program in two networks": { agents: known(1) },
      "no networks in the log, and fifteen clients": { clients: known(15), networks: unknown },
    },
  },
};

describe.each(Object.entries(cases))("%s", (id, { at, short, context }) => {
  const { definition, params } = shippedDetectors.find((detector) => detector.definition.id === id)!;
  const fires = (figures: Figures) => definition.fires(figures as never, params, { ...noContext, ...context });

  test("fires just at its thresholds", () => {
    expect(fires(at)).toBe(true);
  });

  test.for(Object.entries(short))("is silent: %s", ([, less]) => {
    expect(fires({ ...at, ...less })).toBe(false);
  });
});

test("token-rejection-surge says nothing in its first hour", () => {
  const { definition, params } = shippedDetectors.find(({ definition: { id } }) => id === "token-rejection-surge")!;
  const { at } = cases["token-rejection-surge"]!;
  expect(definition.fires(at as never, params, { ...noContext, watchedMs: 3_599_999 })).toBe(false);
});
