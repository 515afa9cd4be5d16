import { z } from "zod";
import { count, defineDetector, distinct, isFailed } from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "credential-stuffing",
  title: "One client tries many accounts",
  description:
    "Counts failed sign-ins by client. Where the log names the account that was tried, it takes few failures over several accounts; where it doesn't, three times as many failures. One customer who mistypes is no attack. An attack spread thinly over very many clients is not seen here.",
  owasp: ["API2:2023"],
  severity: "high",
  needs: { required: ["clientIp", "outcome"], better: ["userId"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["clientIp"],
  window: "10m",
  // AWS WAF acts on more than 10 failed logins in 10 minutes, Auth0 on 10; the ratio keeps an office
  // behind one address out (docs/detectors.md has the sources).
  params: z.strictObject({
    failures: z.int().min(1).default(8).meta({ description: "Failed sign-ins in ten minutes." }),
    ratio: z.number().min(0).max(1).default(0.8).meta({ description: "Failed share of all sign-ins." }),
    accounts: z.int().min(1).default(3).meta({ description: "Different accounts tried, where the log tells." }),
  }),
  counters: {
    failures: count(isFailed),
    attempts: count((e) => e.outcome === "ok" || isFailed(e)),
    accounts: distinct((e) => e.userId, isFailed),
  },
  evidence: isFailed,
  floor: (p) => p.failures,
  fires: ({ attempts, failures, accounts }, p) => {
    if (failures < p.failures || failures < p.ratio * attempts) return false;
    return accounts.known ? accounts.value >= p.accounts : failures >= 3 * p.failures;
  },
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
