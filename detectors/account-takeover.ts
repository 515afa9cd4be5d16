import { z } from "zod";
import { count, defineDetector, type Duration, isOk } from "../src/detect/define-detector.ts";
import { newPlaces, refusedSignIns } from "../src/detect/sign-ins-of-user.ts";

export default defineDetector({
  id: "account-takeover",
  title: "An account under attack was entered",
  description:
    "A sign-in that succeeds on an account that many clients failed on within half an hour, from a network that the account never used. Its owner, who signs in from a familiar network meanwhile, is left out; where nothing is known of the account's networks, the success alone counts. Who gets in with the first try, or from the owner's own network, is not seen here; a client that tries many accounts is `stuffing-success`. It names nobody to block: sessions have to be ended, and that is the shop's to do.",
  owasp: ["API2:2023"],
  severity: "critical",
  needs: { required: ["clientIp", "outcome", "userId"], better: ["asn"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["userId"],
  window: "30m",
  // The attack is that of account-under-attack (Elastic); a network that was not seen before is one of
  // the signs of risk-based authentication.
  params: z.strictObject({
    failures: z.int().min(1).default(10).meta({ description: "Failed sign-ins in half an hour." }),
    clients: z.int().min(2).default(5).meta({ description: "Different clients they come from." }),
  }),
  counters: { ...refusedSignIns, successes: count(isOk), networks: newPlaces.networks },
  evidence: isOk,
  floor: (p) => p.failures,
  fires: ({ failures, clients, networks }, p) =>
    failures >= p.failures && clients.value >= p.clients && (networks.new > 0 || networks.known === 0),
  summary: ({ failures, clients, networks }, key) =>
    `A sign-in to account ${key["userId"]} succeeded` +
    (networks.new > 0 && networks.known > 0 ? " from a network it never used" : "") +
    `, after ${failures} failures from ${clients.value} clients within 30 minutes`,
  target: () => undefined,
  examples: [
    {
      name: "ten clients guess, and one gets in, from a network that the customer never used",
      fires: true,
      events: [entered("0s", 3320), ...attack(180), entered("190m", 64_500)],
    },
    {
      name: "nothing is known of the account before the attack",
      fires: true,
      events: [...attack(0), entered("10m", 64_500)],
    },
    {
      name: "the log has no networks",
      fires: true,
      events: [...attack(0), entered("10m", undefined)],
    },
    {
      name: "ten clients guess, and nobody gets in",
      fires: false,
      events: [entered("0s", 3320), ...attack(180)],
    },
    {
      name: "meanwhile the customer signs in, from the network of every day",
      fires: false,
      events: [entered("0s", 3320), ...attack(180), entered("190m", 3320)],
    },
    {
      name: "the customer signed in from a new network before the attack began",
      fires: false,
      events: [entered("0s", 3320), entered("3h", 64_500), ...attack(185)],
    },
    {
      name: "a customer mistypes on two devices in a hotel, and remembers",
      fires: false,
      events: [
        entered("0s", 3320),
        ...attack(180).map((event, i) => ({
          ...event,
          clientIp: `203.0.113.${i % 2}`,
          clientKey: `203.0.113.${i % 2}`,
        })),
        entered("190m", 64_500),
      ],
    },
  ],
  triage: [
    "Is the client that got in one of those that failed?",
    "What was done after: an address, a mail address or a password changed, an order, gift cards bought?",
    "Did other accounts open to the same clients?",
  ],
});

/** Anna gets in. */
function entered(at: Duration, asn: number | undefined) {
  return {
    at,
    endpointClass: "login" as const,
    status: 200,
    outcome: "ok" as const,
    userId: "anna",
    asn,
    clientIp: "198.51.100.7",
    clientKey: "198.51.100.7",
  };
}

/** Twelve clients guess Anna's password once each, within four minutes. */
function attack(minute: number) {
  return Array.from({ length: 12 }, (_, i) => ({
    at: `${minute * 60 + i * 20}s` as const,
    endpointClass: "login" as const,
    status: 401,
    outcome: "failed" as const,
    userId: "anna",
    asn: 131_072 + i,
    clientIp: `203.0.113.${i}`,
    clientKey: `203.0.113.${i}`,
  }));
}
