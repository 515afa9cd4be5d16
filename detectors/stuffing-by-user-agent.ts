import { defineDetector, isRefused } from "../src/detect/define-detector.ts";
import { failingPartCounters, failingPartParams, failingPartSummary, standsOut } from "../src/detect/failing-part.ts";

export default defineDetector({
  id: "stuffing-by-user-agent",
  title: "One program's sign-ins fail",
  description:
    "Compares how often the sign-ins of one user agent fail with how often all others' do in the same quarter of an hour. Attack tools often send one and the same, or one that no browser has had for years. So does a new version of your own app whose sign-in is broken: nobody is named, and nothing is blocked. A tool that sends each client's own is not seen here.",
  owasp: ["API2:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome", "userAgent"], better: ["userId"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["endpointClass", "userAgent"],
  window: "15m",
  onChange: false,
  params: failingPartParams,
  counters: failingPartCounters,
  evidence: isRefused,
  floor: (p) => p.failures,
  fires: standsOut,
  shows: () => ["failures", "attempts", "clients", "accounts", "allFailures", "allAttempts"],
  summary: (f, key) => `${JSON.stringify(key["userAgent"]!.slice(0, 120))}: ${failingPartSummary(f)}`,
  target: () => undefined,
  examples: [
    {
      name: "a tool tries sixty accounts from twenty clients",
      fires: true,
      events: [...shop(), ...logins({ userAgent: "ShopApp/3.1", clients: 20, failing: 60, ok: 3 })],
    },
    {
      name: "the log has no accounts",
      fires: true,
      events: [...shop(), ...logins({ userAgent: "ShopApp/3.1", clients: 20, failing: 60, ok: 3 })].map((event) => ({
        ...event,
        userId: undefined,
      })),
    },
    {
      name: "a new version of the app: many customers, some of whom mistype",
      fires: false,
      events: [...shop(), ...logins({ userAgent: "ShopApp/3.1", clients: 200, failing: 40, ok: 400 })],
    },
    {
      name: "one client alone: found by itself",
      fires: false,
      events: [...shop(), ...logins({ userAgent: "ShopApp/3.1", clients: 1, failing: 60, ok: 3 })],
    },
    {
      name: "the identity service fails: everybody's sign-ins do",
      fires: false,
      events: [
        ...shop({ failing: 110, ok: 10 }),
        ...logins({ userAgent: "ShopApp/3.1", clients: 60, failing: 60, ok: 3 }),
      ],
    },
    {
      name: "nobody else signs in meanwhile: nothing to compare with",
      fires: false,
      events: logins({ userAgent: "ShopApp/3.1", clients: 20, failing: 60, ok: 3 }),
    },
  ],
  triage: [
    "Is it your own app's? Then compare its versions: a release that broke the sign-in looks the same.",
    "Is it a browser's of years ago, or a library's (python-requests, Go-http-client)?",
    "Did any of its sign-ins succeed, and for accounts that never signed in from that client?",
  ],
});

/** Ten minutes of the shop's other customers. */
function shop({ failing = 10, ok = 110 } = {}) {
  return logins({ userAgent: "Mozilla/5.0", clients: 100, failing, ok });
}

function logins(of: { userAgent: string; clients: number; failing: number; ok: number }) {
  const all = of.failing + of.ok;
  return Array.from({ length: all }, (_, i) => ({
    at: `${Math.floor((i * 600) / all)}s` as const,
    endpointClass: "login" as const,
    status: i < of.failing ? 401 : 200,
    outcome: i < of.failing ? ("failed" as const) : ("ok" as const),
    userAgent: of.userAgent,
    userId: `${of.userAgent}-${i}` as string | undefined,
    clientIp: `${of.userAgent}/${i % of.clients}`,
    clientKey: `${of.userAgent}/${i % of.clients}`,
  }));
}
