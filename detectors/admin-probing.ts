import { z } from "zod";
import {
  count,
  defineDetector,
  distinct,
  isFromOutside,
  isServed,
  type Predicate,
} from "../src/detect/define-detector.ts";

/** 429 is the limiter's doing; 499 and 0 nobody's answer. */
const isRefused: Predicate = (e) =>
  e.status >= 400 && e.status < 500 && e.status !== 429 && e.status !== 499 && isFromOutside(e);
const isServedOutside: Predicate = (e) => isServed(e) && isFromOutside(e);

export default defineDetector({
  id: "admin-probing",
  title: "Somebody looks for the administration",
  description:
    "Counts administration and debug paths that one client from outside was refused. Whoever is answered 2xx there as often as refused is staff whose rights are narrow. Addresses of the company's network are left out. A search for other forgotten files is not seen here.",
  owasp: ["API5:2023"],
  severity: "low",
  needs: { required: ["clientIp", "status"], better: ["userId"] },
  where: { endpointClass: ["admin", "debug"], origin: ["gateway"] },
  key: ["clientIp"],
  window: "10m",
  // CrowdSec's hub overflows at three admin paths, with one forgotten each 10 s; this is for those who go on.
  params: z.strictObject({
    refused: z.int().min(1).default(10).meta({ description: "Refused requests in ten minutes." }),
    paths: z.int().min(1).default(5).meta({ description: "Different paths they were for." }),
  }),
  counters: {
    refused: count(isRefused),
    paths: distinct((e) => e.path, isRefused),
    served: count(isServedOutside),
    users: distinct((e) => e.userId, isRefused),
  },
  evidence: isRefused,
  floor: (p) => p.refused,
  fires: ({ refused, paths, served }, p) => refused >= p.refused && paths.value >= p.paths && refused > served,
  severityOf: ({ served, users }) => (served > 0 || users.known ? "medium" : "low"),
  summary: ({ refused, paths, served, users }, key) =>
    `${key["clientIp"]} was refused ${refused} times within 10 minutes on ${paths.value} administration and debug paths` +
    (served > 0 ? `, and answered ${served} times` : "") +
    (users.known ? `; signed in as ${users.value} ${users.value === 1 ? "user" : "users"}` : ""),
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    { name: "a scanner's list", fires: true, events: probes({ clientIp: "203.0.113.9", paths: 12, status: 404 }) },
    {
      name: "a customer tries what staff may",
      fires: true,
      events: probes({ clientIp: "203.0.113.9", paths: 12, status: 403, userId: "anna" }),
    },
    {
      name: "the company's own scanner",
      fires: false,
      events: probes({ clientIp: "10.0.0.7", paths: 12, status: 404 }),
    },
    {
      name: "an uptime monitor asks for one page that is protected",
      fires: false,
      events: [{ ...probe({ clientIp: "203.0.113.9", paths: 1, status: 401 }, 0), times: 60, every: "10s" }],
    },
    {
      name: "staff with narrow rights: some tiles of each page are refused",
      fires: false,
      events: [
        ...probes({ clientIp: "203.0.113.9", paths: 12, status: 403, userId: "emil" }),
        ...probes({ clientIp: "203.0.113.9", paths: 30, status: 200, userId: "emil" }),
      ],
    },
    {
      name: "an old bookmark or two, with what the page loads",
      fires: false,
      events: probes({ clientIp: "203.0.113.9", paths: 7, status: 404 }),
    },
    {
      name: "an office behind one address, where nobody is signed in yet",
      fires: false,
      events: probes({ clientIp: "203.0.113.9", paths: 4, status: 401 }),
    },
  ],
  triage: [
    "Was it answered anywhere? See `admin-exposed`, and what else this client did.",
    "Is it a security test that somebody ordered?",
  ],
});

interface Probes {
  clientIp: string;
  paths: number;
  status: number;
  userId?: string;
}

function probes(of: Probes) {
  return Array.from({ length: of.paths }, (_, i) => probe(of, i));
}

function probe({ clientIp, status, userId }: Probes, i: number) {
  return {
    at: `${i}s` as const,
    endpointClass: "admin" as const,
    method: "GET",
    path: `/admin/tool-${i}.php`,
    route: "/admin/{var}",
    status,
    outcome: status === 200 ? ("ok" as const) : ("unknown" as const),
    userId,
    clientIp,
    clientKey: clientIp,
  };
}
