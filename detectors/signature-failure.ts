import { z } from "zod";
import { count, defineDetector, distinct, type Predicate } from "../src/detect/define-detector.ts";
import { tokenReasonOf } from "../src/detect/token-reason.ts";

/** `bad_signature`, `invalid-hmac`, `SIGNATURE_MISMATCH`, … */
const signatureWords = /signature|hmac|digest|not_signed|unsigned/i;

/**
 * A webhook receiver that says no, and not why: there is little else it can mean. Elsewhere a token's
 * signature is `token-rejection`'s business.
 */
const isBadSignature: Predicate = (e) => {
  if (e.outcome !== "denied" && e.outcome !== "failed") return false;
  const reason = e.attributes?.["reason"];
  if (e.endpointClass === "webhook") return reason === undefined ? e.outcome === "denied" : signatureWords.test(reason);
  return reason !== undefined && signatureWords.test(reason) && tokenReasonOf(e) === undefined;
};

export default defineDetector({
  id: "signature-failure",
  title: "Signatures don't fit",
  description:
    "Counts payment and order requests, and calls of webhook receivers, whose signature does not fit: as the attribute `reason` tells, or as a webhook receiver's 401 or 403 where it tells nothing. Either somebody forges or changes what was signed, or a key was changed on one side. Without reasons in the log, only webhooks are seen.",
  owasp: ["API2:2023", "API10:2023"],
  severity: "medium",
  needs: { required: ["outcome"], better: ["attributes", "clientIp"] },
  where: { endpointClass: ["payment", "checkout", "order", "webhook"], attempt: true },
  key: ["endpointClass"],
  window: "10m",
  params: z.strictObject({
    failures: z.int().min(1).default(10).meta({ description: "Signatures that don't fit, in ten minutes." }),
    all: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ description: "From this share of all attempts on, a key was changed: more severe." }),
  }),
  counters: {
    attempts: count(),
    failures: count(isBadSignature),
    clients: distinct((e) => e.clientKey, isBadSignature),
    users: distinct((e) => e.userId, isBadSignature),
  },
  evidence: isBadSignature,
  floor: (p) => p.failures,
  fires: ({ failures }, p) => failures >= p.failures,
  severityOf: ({ failures, attempts }, p) => (failures >= p.all * attempts ? "high" : "medium"),
  summary: ({ attempts, failures, clients, users }, key) =>
    `The signature of ${failures} of ${attempts} ${key["endpointClass"]} attempts did not fit within 10 minutes` +
    (clients.known ? `, of ${clients.value} ${clients.value === 1 ? "client" : "clients"}` : "") +
    (users.known ? ` and ${users.value} ${users.value === 1 ? "user" : "users"}` : ""),
  target: () => undefined,
  examples: [
    {
      name: "amounts of signed payments are changed",
      fires: true,
      events: [
        ...attempts({ times: 200, outcome: "ok" }),
        ...attempts({ times: 15, outcome: "denied", reason: "bad_signature" }),
      ],
    },
    {
      name: "the provider's key was changed: no webhook is taken",
      fires: true,
      events: attempts({ times: 20, outcome: "denied", endpointClass: "webhook" }),
    },
    {
      name: "declined cards",
      fires: false,
      events: attempts({ times: 60, outcome: "failed", reason: "insufficient_funds" }),
    },
    {
      name: "tokens with a wrong signature have a detector of their own",
      fires: false,
      events: attempts({ times: 60, outcome: "denied", reason: "invalid_token_signature" }),
    },
    {
      name: "payments are refused, nobody knows why",
      fires: false,
      events: attempts({ times: 60, outcome: "denied" }),
    },
    {
      name: "one broken webhook is sent again and again, for an hour",
      fires: false,
      events: [{ ...attempts({ times: 1, outcome: "denied", endpointClass: "webhook" })[0]!, times: 30, every: "2m" }],
    },
  ],
  triage: [
    "All of them, or some? All means that a key was changed.",
    "Whose are they: one user, one partner, one app version, or many?",
    "Do amounts, articles or addresses differ from what was signed?",
  ],
});

function attempts(of: {
  times: number;
  outcome: "ok" | "denied" | "failed";
  reason?: string;
  endpointClass?: "webhook";
}) {
  const { times, outcome, reason, endpointClass = "payment" as const } = of;
  return Array.from({ length: times }, (_, i) => ({
    at: `${i * 2}s` as const,
    endpointClass,
    status: outcome === "ok" ? 200 : 403,
    outcome,
    attributes: reason === undefined ? undefined : { reason },
    clientIp: `203.0.113.${i % 20}`,
    clientKey: `203.0.113.${i % 20}`,
  }));
}
