import { defineDetector, isRefused } from "../src/detect/define-detector.ts";
import { failingPartCounters, failingPartParams, failingPartSummary, standsOut } from "../src/detect/failing-part.ts";

export default defineDetector({
  id: "stuffing-by-network",
  title: "One network's sign-ins fail",
  description:
    "Compares how often one network's sign-ins fail with how often all others' do in the same quarter of an hour. A botnet rented at one provider stands out here though each of its clients tries little. A whole network is many people, so it is named and never blocked by itself. An attack spread over very many networks shows only in the whole site's share.",
  owasp: ["API2:2023"],
  severity: "high",
  needs: { required: ["clientIp", "outcome", "asn"], better: ["userId"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["endpointClass", "asn"],
  window: "15m",
  onChange: false,
  params: failingPartParams,
  counters: failingPartCounters,
  evidence: isRefused,
  floor: (p) => p.failures,
  fires: standsOut,
  shows: () => ["failures", "attempts", "clients", "accounts", "allFailures", "allAttempts"],
  summary: (f, key) => `Network AS${key["asn"]}: ${failingPartSummary(f)}`,
  target: ({ key }) => ({ scope: "as", value: key["asn"]! }),
  examples: [
    {
      name: "twenty clients of one provider try sixty accounts",
      fires: true,
      events: [...shop(), ...logins({ asn: 64500, clients: 20, failing: 60, ok: 3 })],
    },
    {
      name: "the log has no accounts",
      fires: true,
      events: [...shop(), ...logins({ asn: 64500, clients: 20, failing: 60, ok: 3 })].map((event) => ({
        ...event,
        userId: undefined,
      })),
    },
    {
      name: "a carrier with many customers, some of whom mistype",
      fires: false,
      events: [...shop(), ...logins({ asn: 64500, clients: 200, failing: 40, ok: 400 })],
    },
    {
      name: "one client alone: found by itself",
      fires: false,
      events: [...shop(), ...logins({ asn: 64500, clients: 1, failing: 60, ok: 3 })],
    },
    {
      name: "the identity service fails: everybody's sign-ins do",
      fires: false,
      events: [...shop({ failing: 110, ok: 10 }), ...logins({ asn: 64500, clients: 60, failing: 60, ok: 3 })],
    },
    {
      name: "nobody else signs in meanwhile: nothing to compare with",
      fires: false,
      events: logins({ asn: 64500, clients: 20, failing: 60, ok: 3 }),
    },
  ],
  triage: [
    "Whose network is it: a hosting provider's, or a carrier's with your customers behind it?",
    "Did a release or a campaign begin for them alone? Then they fail for your reasons, not an attacker's.",
    "Did any of their sign-ins succeed, and for accounts that never signed in from there?",
  ],
});

/** Ten minutes of the shop's other customers. */
function shop({ failing = 10, ok = 110 } = {}) {
  return logins({ asn: 3320, clients: 100, failing, ok });
}

function logins(of: { asn: number; clients: number; failing: number; ok: number }) {
  const all = of.failing + of.ok;
  return Array.from({ length: all }, (_, i) => ({
    at: `${Math.floor((i * 600) / all)}s` as const,
    endpointClass: "login" as const,
    status: i < of.failing ? 401 : 200,
    outcome: i < of.failing ? ("failed" as const) : ("ok" as const),
    asn: of.asn,
    userId: `${of.asn}-${i}` as string | undefined,
    clientIp: `${of.asn}/${i % of.clients}`,
    clientKey: `${of.asn}/${i % of.clients}`,
  }));
}
