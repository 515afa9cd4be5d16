import { z } from "zod";
import { defineDetector, distinct, isRefused } from "../src/detect/define-detector.ts";
import { refusedSignIns } from "../src/detect/sign-ins-of-user.ts";

export default defineDetector({
  id: "account-under-attack",
  title: "Many clients try one account",
  description:
    "Counts failed sign-ins by account, and from how many clients, networks and countries they come. It names the clients that never succeeded before; never the account, or anybody could have a customer locked out.",
  owasp: ["API2:2023"],
  severity: "high",
  needs: { required: ["clientIp", "outcome", "userId"], better: ["country", "asn", "userAgent"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["userId"],
  window: "30m",
  // Elastic's rule for brute force from several sources: 10 failures from 5 addresses in 30 minutes,
  // and a second sign that they are not one household.
  params: z.strictObject({
    failures: z.int().min(1).default(10).meta({ description: "Failed sign-ins in half an hour." }),
    clients: z.int().min(2).default(5).meta({ description: "Different clients they come from." }),
  }),
  counters: {
    ...refusedSignIns,
    countries: distinct((e) => e.country, isRefused),
    networks: distinct((e) => e.asn, isRefused),
    agents: distinct((e) => e.userAgent, isRefused),
  },
  evidence: isRefused,
  floor: (p) => p.failures,
  fires: ({ failures, clients, countries, networks, agents }, p) =>
    failures >= p.failures &&
    clients.value >= p.clients &&
    (countries.value >= 2 || networks.value >= 3 || clients.value >= p.clients + 3 || agents.value >= 3),
  summary: ({ failures, clients, countries }, key) =>
    `${failures} failed sign-ins on account ${key["userId"]} within 30 minutes, from ${clients.value} clients` +
    (countries.known ? ` in ${countries.value} ${countries.value === 1 ? "country" : "countries"}` : ""),
  target: ({ samples, firstSeen, succeededBefore }) =>
    [...new Set(samples.map((sample) => sample.clientKey))]
      .filter((client) => client !== undefined)
      .filter((client) => succeededBefore(client, firstSeen) === false)
      .map((value) => ({ scope: "ip", value })),
  examples: [
    {
      name: "ten clients guess one password each",
      fires: true,
      events: Array.from({ length: 10 }, (_, i) => ({
        at: `${i * 20}s` as const,
        endpointClass: "login" as const,
        status: 401,
        outcome: "failed" as const,
        userId: "anna",
        clientIp: `203.0.113.${i}`,
        clientKey: `203.0.113.${i}`,
        userAgent: `agent ${i % 4}`,
      })),
    },
    {
      name: "a customer forgot the password, on two devices",
      fires: false,
      events: ["203.0.113.1", "203.0.113.2"].map((clientIp) => ({
        at: "0s",
        times: 10,
        every: "20s",
        endpointClass: "login",
        status: 401,
        outcome: "failed",
        userId: "anna",
        clientIp,
        clientKey: clientIp,
      })),
    },
    {
      name: "ten clients fail on ten accounts",
      fires: false,
      events: Array.from({ length: 10 }, (_, i) => ({
        at: `${i * 20}s` as const,
        endpointClass: "login" as const,
        status: 401,
        outcome: "failed" as const,
        userId: `user-${i}`,
        clientIp: `203.0.113.${i}`,
        clientKey: `203.0.113.${i}`,
      })),
    },
  ],
  triage: [
    "Did one of the attempts succeed? Then end the account's sessions and reach the customer by another way.",
    "Is the account a person's, or a shared or test account?",
    "Are other accounts of the same kind (staff, wholesale) tried as well?",
  ],
});
