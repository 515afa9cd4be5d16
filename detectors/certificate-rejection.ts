import { z } from "zod";
import { count, defineDetector, distinct, type Predicate } from "../src/detect/define-detector.ts";

const certificateWords = /certificate|client_?cert|x\.?509|mtls/i;

/** nginx answers 495 to a client certificate that it does not take, and 496 where there is none. */
const isRejectedCertificate: Predicate = ({ status, attributes }) => {
  if (status < 400) return false;
  if (status === 495 || status === 496) return true;
  const reason = attributes?.["reason"];
  return reason !== undefined && certificateWords.test(reason);
};

export default defineDetector({
  id: "certificate-rejection",
  title: "Client certificates are rejected",
  description:
    "Counts requests whose client certificate was not taken, by gateway: nginx's 495 and 496, or the attribute `reason` of a refusal. Many clients at once mean that an authority or a list of revocations ran out on this side; one means a partner whose certificate did. Where the gateway ends the connection before a request is logged, nothing is seen.",
  owasp: ["API2:2023"],
  severity: "medium",
  needs: { required: ["status"], better: ["clientIp", "attributes"] },
  // What was refused is never `ok`; of the others it is the few.
  where: { outcome: ["denied", "failed", "unknown"], origin: ["gateway"] },
  key: ["gateway"],
  window: "10m",
  params: z.strictObject({
    rejected: z.int().min(1).default(10).meta({ description: "Rejected certificates in ten minutes." }),
    many: z.int().min(1).default(5).meta({ description: "From so many clients on, it is not one partner." }),
  }),
  counters: {
    rejected: count(isRejectedCertificate),
    rejectedClients: distinct((e) => e.clientKey, isRejectedCertificate),
    missing: count((e) => e.status === 496),
  },
  evidence: isRejectedCertificate,
  floor: (p) => p.rejected,
  fires: ({ rejected }, p) => rejected >= p.rejected,
  severityOf: ({ rejected, rejectedClients, missing }, p) =>
    rejectedClients.value >= p.many && 2 * missing < rejected ? "high" : "medium",
  summary: ({ rejected, rejectedClients, missing }, key) =>
    `Gateway ${key["gateway"]} rejected the client certificate of ${rejected} requests within 10 minutes` +
    (rejectedClients.known
      ? `, of ${rejectedClients.value} ${rejectedClients.value === 1 ? "client" : "clients"}`
      : "") +
    (missing > 0 ? `; ${missing} had none` : ""),
  target: () => undefined,
  examples: [
    { name: "a partner's certificate ran out", fires: true, events: refused({ times: 20, clients: 1, status: 495 }) },
    { name: "our authority ran out", fires: true, events: refused({ times: 40, clients: 20, status: 495 }) },
    {
      name: "a gateway that says why",
      fires: true,
      events: refused({ times: 20, clients: 3, status: 403, reason: "client_certificate_revoked" }),
    },
    { name: "somebody strays in without one", fires: false, events: refused({ times: 4, clients: 4, status: 496 }) },
    {
      name: "refused for other reasons",
      fires: false,
      events: refused({ times: 60, clients: 5, status: 403, reason: "missing_scope" }),
    },
  ],
  triage: [
    "One client or many? Many at the same moment: look at the authority and the list of revocations.",
    "When does the certificate run out: `openssl x509 -enddate`?",
    "Is a stolen, revoked certificate being tried?",
  ],
});

function refused(of: { times: number; clients: number; status: number; reason?: string }) {
  return Array.from({ length: of.times }, (_, i) => ({
    at: `${i * 5}s` as const,
    endpointClass: "order" as const,
    status: of.status,
    outcome: "denied" as const,
    attributes: of.reason === undefined ? undefined : { reason: of.reason },
    clientIp: `203.0.113.${i % of.clients}`,
    clientKey: `203.0.113.${i % of.clients}`,
  }));
}
