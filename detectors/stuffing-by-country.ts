import { defineDetector, isRefused } from "../src/detect/define-detector.ts";
import { failingPartCounters, failingPartParams, failingPartSummary, standsOut } from "../src/detect/failing-part.ts";

export default defineDetector({
  id: "stuffing-by-country",
  title: "One country's sign-ins fail",
  description:
    "Compares how often one country's sign-ins fail with how often all others' do in the same quarter of an hour. It sees an attack that a rented botnet makes from one country, spread over its networks. A whole country is many people, so it is named and never blocked by itself.",
  owasp: ["API2:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome", "country"], better: ["userId"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["endpointClass", "country"],
  window: "15m",
  onChange: false,
  params: failingPartParams,
  counters: failingPartCounters,
  evidence: isRefused,
  floor: (p) => p.failures,
  fires: standsOut,
  shows: () => ["failures", "attempts", "clients", "accounts", "allFailures", "allAttempts"],
  summary: (f, key) => `${key["country"]}: ${failingPartSummary(f)}`,
  target: ({ key }) => ({ scope: "country", value: key["country"]! }),
  examples: [
    {
      name: "twenty clients abroad try sixty accounts",
      fires: true,
      events: [...shop(), ...logins({ country: "BR", clients: 20, failing: 60, ok: 3 })],
    },
    {
      name: "the log has no accounts",
      fires: true,
      events: [...shop(), ...logins({ country: "BR", clients: 20, failing: 60, ok: 3 })].map((event) => ({
        ...event,
        userId: undefined,
      })),
    },
    {
      name: "a campaign abroad: many new customers, some of whom mistype",
      fires: false,
      events: [...shop(), ...logins({ country: "BR", clients: 200, failing: 40, ok: 400 })],
    },
    {
      name: "one client alone: found by itself",
      fires: false,
      events: [...shop(), ...logins({ country: "BR", clients: 1, failing: 60, ok: 3 })],
    },
    {
      name: "the identity service fails: everybody's sign-ins do",
      fires: false,
      events: [...shop({ failing: 110, ok: 10 }), ...logins({ country: "BR", clients: 60, failing: 60, ok: 3 })],
    },
    {
      name: "nobody else signs in meanwhile: nothing to compare with",
      fires: false,
      events: logins({ country: "BR", clients: 20, failing: 60, ok: 3 }),
    },
  ],
  triage: [
    "Do the clients share a network or a user agent? Then name that instead of the country.",
    "Did a release or a campaign begin for them alone? Then they fail for your reasons, not an attacker's.",
    "Did any of their sign-ins succeed, and for accounts that never signed in from there?",
  ],
});

/** Ten minutes of the shop's other customers. */
function shop({ failing = 10, ok = 110 } = {}) {
  return logins({ country: "DE", clients: 100, failing, ok });
}

function logins(of: { country: string; clients: number; failing: number; ok: number }) {
  const all = of.failing + of.ok;
  return Array.from({ length: all }, (_, i) => ({
    at: `${Math.floor((i * 600) / all)}s` as const,
    endpointClass: "login" as const,
    status: i < of.failing ? 401 : 200,
    outcome: i < of.failing ? ("failed" as const) : ("ok" as const),
    country: of.country,
    userId: `${of.country}-${i}` as string | undefined,
    clientIp: `${of.country}/${i % of.clients}`,
    clientKey: `${of.country}/${i % of.clients}`,
  }));
}
