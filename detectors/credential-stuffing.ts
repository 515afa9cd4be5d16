import { defineDetector, isRefused } from "../src/detect/define-detector.ts";
import {
  triedAccountsCounters,
  triedAccountsParams,
  timesTheFloor,
  triesManyAccounts,
} from "../src/detect/tried-accounts.ts";

export default defineDetector({
  id: "credential-stuffing",
  title: "One client tries many accounts",
  description:
    "Counts failed sign-ins by client. Where the log names the account that was tried, it takes few failures over several accounts; where it doesn't, three times as many failures. One customer who mistypes is no attack. Behind an address that many customers sign in from, all floors rise with their number. An attack spread thinly over very many clients is not seen here.",
  owasp: ["API2:2023"],
  severity: "high",
  needs: { required: ["clientIp", "outcome"], better: ["userId"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["clientIp"],
  window: "10m",
  params: triedAccountsParams,
  counters: triedAccountsCounters,
  evidence: isRefused,
  floor: (p) => Math.min(p.failures, p.list),
  fires: triesManyAccounts,
  strength: timesTheFloor,
  shows: () => ["failures", "attempts", "accounts"],
  summary: ({ attempts, failures, accounts }, key) =>
    `${failures} of ${attempts} sign-ins from ${key["clientIp"]} failed within 10 minutes` +
    (accounts.known ? `, over ${accounts.value} accounts` : " (the log doesn't tell the accounts)"),
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "a list of accounts is tried",
      fires: true,
      events: ["anna", "ben", "cleo", "dora"].map((userId, i) => ({
        at: `${i}s` as const,
        times: 3,
        every: "5s",
        endpointClass: "login",
        status: 401,
        outcome: "failed",
        userId,
      })),
    },
    {
      name: "one customer mistypes twelve times",
      fires: false,
      events: [
        { at: "0s", times: 12, every: "10s", endpointClass: "login", status: 401, outcome: "failed", userId: "anna" },
      ],
    },
    {
      name: "an office signs in on Monday morning",
      fires: false,
      events: ["anna", "ben", "cleo", "dora", "emil", "fay"].flatMap((userId, i) => [
        {
          at: `${i}s` as const,
          times: 6,
          every: "20s" as const,
          endpointClass: "login" as const,
          status: 200,
          outcome: "ok" as const,
          userId,
        },
        {
          at: `${i}s` as const,
          times: 2,
          every: "30s" as const,
          endpointClass: "login" as const,
          status: 401,
          outcome: "failed" as const,
          userId,
        },
      ]),
    },
    {
      name: "a campus: 120 students sign in, thirty of them mistype",
      fires: false,
      events: Array.from({ length: 120 }, (_, i) => [
        ...(i % 4 === 0 ? [signIn(i * 4, `student-${i}`, "failed"), signIn(i * 4 + 5, `student-${i}`, "failed")] : []),
        signIn(i * 4 + 10, `student-${i}`, "ok"),
      ]).flat(),
    },
    {
      name: "a carrier's shared address: eight customers give up, forty get in",
      fires: false,
      events: Array.from({ length: 48 }, (_, i) => signIn(i * 10, `user-${i}`, i % 6 === 0 ? "failed" : "ok")),
    },
    {
      name: "a list is tried from a campus, while students sign in",
      fires: true,
      events: [
        ...Array.from({ length: 40 }, (_, i) => signIn(i * 10, `student-${i}`, "ok")),
        ...Array.from({ length: 300 }, (_, i) => signIn(i, `listed-${i}`, "failed")),
      ],
    },
    {
      name: "who signs in to an account of one's own after each try is found by the accounts",
      fires: true,
      events: Array.from({ length: 12 }, (_, i) => [
        signIn(i * 20, `listed-${i}`, "failed"),
        signIn(i * 20 + 5, "mallory", "ok"),
      ]).flat(),
    },
    {
      name: "the log has no user: few failures are not enough",
      fires: false,
      events: [{ at: "0s", times: 12, every: "5s", endpointClass: "login", status: 401, outcome: "failed" }],
    },
    {
      name: "the log has no user: three times as many are",
      fires: true,
      events: [{ at: "0s", times: 24, every: "5s", endpointClass: "login", status: 401, outcome: "failed" }],
    },
    {
      name: "spread over two hours",
      fires: false,
      events: [{ at: "0s", times: 24, every: "5m", endpointClass: "login", status: 401, outcome: "failed" }],
    },
    {
      name: "our own block is no failure",
      fires: false,
      events: [
        { at: "0s", times: 60, every: "1s", endpointClass: "login", status: 403, outcome: "denied", enforced: true },
      ],
    },
  ],
  triage: [
    "Did a sign-in from this client succeed after the failures? That account may be taken over.",
    "Are the accounts real? A list bought elsewhere holds many that you never had.",
    "Is it a partner, a monitoring probe or your own app after a release? Look at the user agent.",
  ],
});

function signIn(second: number, userId: string, outcome: "ok" | "failed") {
  return {
    at: `${second}s` as const,
    endpointClass: "login" as const,
    status: outcome === "ok" ? 200 : 401,
    outcome,
    userId,
  };
}
