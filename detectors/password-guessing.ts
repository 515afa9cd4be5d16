import { z } from "zod";
import { defineDetector, isRefused } from "../src/detect/define-detector.ts";
import { refusedSignIns } from "../src/detect/sign-ins-of-user.ts";

export default defineDetector({
  id: "password-guessing",
  title: "Passwords of one account are guessed",
  description:
    "Counts failed sign-ins by account where they come from one client or a few; many clients belong to `account-under-attack`. No person mistypes fifty times in half an hour, but a program with an old password does: the passwords that were tried are in no log, so this can't tell them apart. It names the clients that never succeeded before, never the account.",
  owasp: ["API2:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome", "userId"], better: [] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["userId"],
  window: "30m",
  // Elastic's rule for guessing: 30 failures of one user within 5 minutes. Auth0 stops after 10 for one
  // identifier and address, which a forgotten password reaches too.
  params: z.strictObject({
    failures: z.int().min(1).default(50).meta({ description: "Failed sign-ins on the account in half an hour." }),
    clients: z
      .int()
      .min(2)
      .default(5)
      .meta({ description: "From so many clients on it is `account-under-attack`, and nothing here." }),
  }),
  counters: refusedSignIns,
  evidence: isRefused,
  floor: (p) => p.failures,
  fires: ({ failures, clients }, p) => failures >= p.failures && clients.value < p.clients,
  summary: ({ failures, clients }, key) =>
    `${failures} failed sign-ins on account ${key["userId"]} within 30 minutes, from ${clients.value} ${clients.value === 1 ? "client" : "clients"}`,
  target: ({ samples, firstSeen, succeededBefore }) =>
    [...new Set(samples.map((sample) => sample.clientKey))]
      .filter((client) => client !== undefined)
      .filter((client) => succeededBefore(client, firstSeen) === false)
      .map((value) => ({ scope: "ip", value })),
  examples: [
    {
      name: "one client tries sixty passwords",
      fires: true,
      events: [
        { at: "0s", times: 60, every: "5s", endpointClass: "login", status: 401, outcome: "failed", userId: "anna" },
      ],
    },
    {
      name: "a customer forgot the password, and the password manager repeats it",
      fires: false,
      events: [
        { at: "0s", times: 20, every: "30s", endpointClass: "login", status: 401, outcome: "failed", userId: "anna" },
      ],
    },
    {
      name: "an app with an old password tries once a minute, all day",
      fires: false,
      events: [
        { at: "0s", times: 600, every: "1m", endpointClass: "login", status: 401, outcome: "failed", userId: "anna" },
      ],
    },
    {
      name: "ten clients, six tries each: an account under attack",
      fires: false,
      events: Array.from({ length: 10 }, (_, i) => ({
        at: "0s" as const,
        times: 6,
        every: "1m" as const,
        endpointClass: "login" as const,
        status: 401,
        outcome: "failed" as const,
        userId: "anna",
        clientIp: `203.0.113.${i}`,
        clientKey: `203.0.113.${i}`,
      })),
    },
    {
      name: "sixty failures from one client over sixty accounts",
      fires: false,
      events: Array.from({ length: 60 }, (_, i) => ({
        at: `${i * 5}s` as const,
        endpointClass: "login" as const,
        status: 401,
        outcome: "failed" as const,
        userId: `user-${i}`,
      })),
    },
  ],
  triage: [
    "Are the tries at even intervals? Then it is a program: an attacker's, or the customer's own with an old password.",
    "Did a sign-in succeed after them?",
    "Is it an account worth guessing: staff, wholesale, saved cards?",
  ],
});
