import { z } from "zod";
import { count, defineDetector, distinct, isOk } from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "password-reset-bombing",
  title: "One account is sent reset after reset",
  description:
    "Counts accepted requests for a password reset by account. Somebody buries a customer in mails or messages, to annoy, or to hide one that matters. A customer whose mail doesn't come presses the button a few times: one client alone has to ask twice as often. It names nobody: the account is the victim's.",
  owasp: ["API6:2023"],
  severity: "low",
  needs: { required: ["outcome", "userId"], better: ["clientIp"] },
  where: { endpointClass: ["password_reset"], attempt: true },
  key: ["userId"],
  window: "30m",
  // Elastic's rule for a flood of resets: 5 for one account within an hour.
  params: z.strictObject({
    resets: z.int().min(1).default(5).meta({ description: "Resets of one account in half an hour." }),
    clients: z
      .int()
      .min(2)
      .default(3)
      .meta({ description: "Different clients that asked; with fewer it takes twice as many resets." }),
  }),
  counters: {
    resets: count(isOk),
    clients: distinct((e) => e.clientKey, isOk),
  },
  evidence: isOk,
  floor: (p) => p.resets,
  fires: ({ resets, clients }, p) => resets >= (clients.value >= p.clients ? p.resets : 2 * p.resets),
  summary: ({ resets, clients }, key) =>
    `${resets} password resets for account ${key["userId"]} within 30 minutes` +
    (clients.known ? `, from ${clients.value} ${clients.value === 1 ? "client" : "clients"}` : ""),
  target: () => undefined,
  examples: [
    {
      name: "thirty mails to one customer",
      fires: true,
      events: [{ at: "0s", times: 30, every: "10s", endpointClass: "password_reset", outcome: "ok", userId: "anna" }],
    },
    {
      name: "six clients ask once each",
      fires: true,
      events: Array.from({ length: 6 }, (_, i) => ({
        at: `${i * 60}s` as const,
        endpointClass: "password_reset" as const,
        outcome: "ok" as const,
        userId: "anna",
        clientIp: `203.0.113.${i}`,
        clientKey: `203.0.113.${i}`,
      })),
    },
    {
      name: "the mail is late: a customer presses the button six times",
      fires: false,
      events: [{ at: "0s", times: 6, every: "2m", endpointClass: "password_reset", outcome: "ok", userId: "anna" }],
    },
    {
      name: "thirty customers ask once each",
      fires: false,
      events: Array.from({ length: 30 }, (_, i) => ({
        at: `${i * 10}s` as const,
        endpointClass: "password_reset" as const,
        outcome: "ok" as const,
        userId: `user-${i}`,
      })),
    },
  ],
  triage: [
    "Do your mails arrive today? If they are late, customers press the button again.",
    "What else happened to the account: an order, a changed address, a sign-in from a new place?",
    "Are other accounts of the same person or company hit?",
  ],
});
