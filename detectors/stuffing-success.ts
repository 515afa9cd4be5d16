import { defineDetector, isOk } from "../src/detect/define-detector.ts";
import {
  triedAccountsCounters,
  triedAccountsParams,
  timesTheFloor,
  triesManyAccounts,
} from "../src/detect/tried-accounts.ts";

export default defineDetector({
  id: "stuffing-success",
  title: "A client that tried many accounts got in",
  description:
    "A sign-in that succeeds from a client that within ten minutes failed on several accounts, as `credential-stuffing` counts it. The sign-ins that worked are its evidence: they name the accounts. Which of them are customers behind the same address can't be told from a log. A pair of name and password that fits at once, from a client that never failed, is not seen here.",
  owasp: ["API2:2023"],
  severity: "critical",
  needs: { required: ["clientIp", "outcome"], better: ["userId"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["clientIp"],
  window: "10m",
  // Elastic's rule for a success after several users failed from one source asks for 5 failures over
  // 3 users; here it has to be what stuffing itself is.
  params: triedAccountsParams,
  counters: triedAccountsCounters,
  evidence: isOk,
  floor: (p) => Math.min(p.failures, p.list),
  fires: triesManyAccounts,
  strength: timesTheFloor,
  shows: () => ["failures", "attempts", "accounts", "customers"],
  summary: ({ failures, attempts, accounts, customers }, key) =>
    (customers.known
      ? `${customers.value} ${customers.value === 1 ? "account was" : "accounts were"} entered`
      : "A sign-in succeeded") +
    ` from ${key["clientIp"]}, where ${failures} of ${attempts} sign-ins failed within 10 minutes` +
    (accounts.known ? `, over ${accounts.value} accounts` : " (the log doesn't tell the accounts)"),
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "the thirteenth account of the list opens",
      fires: true,
      events: [...list({ accounts: 12 }), signIn(70, "listed-12", "ok")],
    },
    {
      name: "the log has no user",
      fires: true,
      events: [...list({ accounts: 24 }), signIn(150, undefined, "ok")].map((event) => ({
        ...event,
        userId: undefined,
      })),
    },
    {
      name: "nobody got in",
      fires: false,
      events: list({ accounts: 12 }),
    },
    {
      name: "a customer signed in before the list was tried from there",
      fires: false,
      events: [signIn(0, "anna", "ok"), ...list({ accounts: 12, from: 60 })],
    },
    {
      name: "one customer mistypes twelve times, and remembers",
      fires: false,
      events: [...Array.from({ length: 12 }, (_, i) => signIn(i * 10, "anna", "failed")), signIn(130, "anna", "ok")],
    },
    {
      name: "a family: three mistype, and all get in",
      fires: false,
      events: ["anna", "ben", "cleo"].flatMap((user, i) => [
        signIn(i * 60, user, "failed"),
        signIn(i * 60 + 10, user, "failed"),
        signIn(i * 60 + 20, user, "ok"),
      ]),
    },
    {
      name: "an office on Monday morning",
      fires: false,
      events: Array.from({ length: 30 }, (_, i) => [
        ...(i % 3 === 0 ? [signIn(i * 10, `clerk-${i}`, "failed")] : []),
        signIn(i * 10 + 5, `clerk-${i}`, "ok"),
      ]).flat(),
    },
  ],
  triage: [
    "Which accounts opened, and had they signed in from this client or its network before?",
    "What was done after: an address or a password changed, an order, gift cards bought?",
    "How many accounts did the client try, and did other clients try the rest of the list?",
  ],
});

/** A list of accounts, one try each, every five seconds. */
function list({ accounts, from = 0 }: { accounts: number; from?: number }) {
  return Array.from({ length: accounts }, (_, i) => signIn(from + i * 5, `listed-${i}`, "failed"));
}

function signIn(second: number, userId: string | undefined, outcome: "ok" | "failed") {
  return {
    at: `${second}s` as const,
    endpointClass: "login" as const,
    status: outcome === "ok" ? 200 : 401,
    outcome,
    userId,
  };
}
