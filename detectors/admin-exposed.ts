import { z } from "zod";
import {
  count,
  defineDetector,
  distinct,
  isFromOutside,
  isServed,
  isSignedIn,
  type Predicate,
} from "../src/detect/define-detector.ts";

/** The last word of a route that anybody may see: the door itself, and how to get through it. */
const door = /\/(?:admin|administrator|backoffice|wp-admin|(?:wp-)?log-?(?:in|out)(?:\.\w+)?|sign-?(?:in|out)|sso|oauth2?|callback|forgot[a-z-]*|\{file\})\/?$/i; // prettier-ignore
/** Meant for machines that ask from anywhere, and descriptions of an API that may be public on purpose. */
const meantForAll =
  /\/(?:health|healthz|live|liveness|ready|readiness|ping|info)(?:\/|$)|\/(?:swagger|openapi|api-docs)/i;
/** Roles of people who buy, in the words shops use for them. */
const customersRole = /^(?:customer|user|member|guest|anonymous|public|buyer|shopper|client|b2b|b2c)s?$/i;

/** Served to somebody from outside whom nothing names. `needsUser: false` means it is meant to be. */
const isOpen: Predicate = (e) => isServed(e) && e.needsUser !== false && !isSignedIn(e) && isFromOutside(e);

const isOpenPage: Predicate = (e) => e.endpointClass === "admin" && isOpen(e) && !door.test(e.route);
const isOpenWrite: Predicate = (e) => isOpenPage(e) && e.method !== "GET" && e.method !== "HEAD";
const isOpenDebug: Predicate = (e) => e.endpointClass === "debug" && isOpen(e) && !meantForAll.test(e.route);
/** From anywhere: a customer has no business there, not even from within. */
const isWrongRole: Predicate = (e) =>
  e.endpointClass === "admin" && isServed(e) && e.role !== undefined && customersRole.test(e.role);
const isExposure: Predicate = (e) => isOpenDebug(e) || isWrongRole(e) || isOpenPage(e);

export default defineDetector({
  id: "admin-exposed",
  title: "Administration answers a stranger",
  description:
    "Looks at administration and debug routes that were answered with 2xx: to somebody from outside whom the log doesn't name, or to a customer's role. Sign-in pages, files, health checks and API descriptions may be public and are left out. Staff who are signed in are fine from anywhere; a signed-in user without a role in the log can't be told from staff, and where the log has no users at all, staff outside the company's network look like strangers.",
  owasp: ["API5:2023", "API8:2023"],
  severity: "high",
  needs: { required: ["clientIp", "status"], better: ["userId", "role"] },
  where: { endpointClass: ["admin", "debug"], origin: ["gateway"] },
  key: ["clientIp"],
  window: "10m",
  quiet: "1h",
  // Any such answer is one too many; a single page says little, since many admin pages are an empty
  // frame that asks who you are.
  params: z.strictObject({
    pages: z.int().min(1).default(3).meta({ description: "Answers to a stranger on administration routes." }),
    debug: z.int().min(1).default(1).meta({ description: "Answers to a stranger on debug routes." }),
    wrongRole: z.int().min(1).default(1).meta({ description: "Answers to a customer's role." }),
  }),
  counters: {
    pages: count(isOpenPage),
    routes: distinct((e) => e.route, isExposure),
    writes: count(isOpenWrite),
    debug: count(isOpenDebug),
    wrongRole: count(isWrongRole),
  },
  evidence: isExposure,
  fires: ({ pages, writes, debug, wrongRole }, p) =>
    debug >= p.debug || wrongRole >= p.wrongRole || pages >= p.pages || writes >= p.pages,
  severityOf: ({ writes, wrongRole }) => (writes > 0 || wrongRole > 0 ? "critical" : "high"),
  summary: ({ pages, routes, writes, debug, wrongRole }, key) =>
    `${key["clientIp"]} was answered ${pages + debug + wrongRole} times within 10 minutes on ${routes.value} administration or debug ${routes.value === 1 ? "route" : "routes"}: ` +
    [
      pages > 0 && `${pages} without a user (${writes} that change something)`,
      debug > 0 && `${debug} of debugging`,
      wrongRole > 0 && `${wrongRole} as a customer`,
    ]
      .filter((part) => part !== false)
      .join(", "),
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    { name: "a heap dump is handed out", fires: true, events: [debugging("/actuator/heapdump")] },
    {
      name: "an administration's data without a user",
      fires: true,
      events: ["/api/admin/users", "/api/admin/orders", "/api/admin/export"].map((route, i) => at(i, { route })),
    },
    {
      name: "a customer reads all users, from within",
      fires: true,
      events: [at(0, { route: "/api/admin/users", userId: "anna", role: "customer", clientIp: "10.0.0.7" })],
    },
    {
      name: "staff at home",
      fires: false,
      events: [at(0, { route: "/api/admin/users", times: 30, userId: "emil", role: "staff" })],
    },
    {
      name: "staff in the company's network, and the log has no users",
      fires: false,
      events: [at(0, { route: "/api/admin/users", times: 30, clientIp: "10.0.0.7" })],
    },
    {
      name: "one page that is an empty frame",
      fires: false,
      events: [at(0, { route: "/admin/dashboard", times: 2 })],
    },
    {
      name: "somebody looks at the sign-in page, again and again",
      fires: false,
      events: [
        at(0, { route: "/admin", times: 10 }),
        at(1, { route: "/admin/login", times: 10 }),
        at(2, { route: "/admin/static/{file}", times: 10 }),
      ],
    },
    {
      name: "a scanner is refused everywhere",
      fires: false,
      events: [at(0, { route: "/api/admin/users", times: 30, status: 403 })],
    },
    { name: "an uptime monitor", fires: false, events: [debugging("/actuator/health")] },
  ],
  triage: [
    "Is it staff without a user in the log? Then log it: docs/formats.md names the key.",
    "What did the answers hold: open the route yourself, from outside, without signing in.",
    "Since when? `endpoints_seen` has the last answer without a user for each route.",
  ],
});

function at(
  second: number,
  of: {
    route: string;
    times?: number;
    status?: number;
    userId?: string;
    role?: string;
    clientIp?: string;
  },
) {
  const { clientIp = "203.0.113.9", status = 200 } = of;
  const outcome = status === 200 ? ("ok" as const) : ("denied" as const);
  const place = { path: of.route, endpointClass: "admin" as const, method: "GET", clientIp, clientKey: clientIp };
  return { at: `${second}s` as const, every: "5s" as const, status, outcome, ...place, ...of };
}

function debugging(route: string) {
  return { ...at(0, { route }), endpointClass: "debug" as const };
}
