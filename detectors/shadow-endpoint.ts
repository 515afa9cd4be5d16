import { z } from "zod";
import { count, defineDetector, distinct, isServed, type Predicate } from "../src/detect/define-detector.ts";

/** Files that pages load, and routes that stand for many: nobody lists those. */
const nobodysEntry =
  /\{file\}$|\{unknown\}|\{other\}|\{rest\.\.\.\}$|^\/(?:robots\.txt|favicon\.ico|sitemap[^/]*|\.well-known\/.*)$/;

const isShadow: Predicate = (e) => e.listed === false && isServed(e) && !nobodysEntry.test(e.route);

export default defineDetector({
  id: "shadow-endpoint",
  title: "An endpoint that the inventory lacks",
  description:
    "Finds routes that answer several clients with 2xx and are not in the endpoint inventory: forgotten, never reviewed, or put there by somebody else. It needs an inventory. Files that pages load are left out. A way in that one attacker uses alone has too few clients to be seen here.",
  owasp: ["API9:2023"],
  severity: "low",
  needs: { required: ["listed"], better: ["clientIp"] },
  where: { origin: ["gateway"] },
  key: ["route"],
  window: "1h",
  quiet: "1d",
  // Cloudflare's API discovery asks for 500 requests in ten days, some with 2xx: two an hour. Several
  // clients within the hour say it sooner.
  params: z.strictObject({
    requests: z.int().min(1).default(20).meta({ description: "Answers with 2xx in an hour." }),
    clients: z.int().min(1).default(5).meta({ description: "Different clients they went to." }),
  }),
  counters: {
    shadowRequests: count(isShadow),
    shadowClients: distinct((e) => e.clientKey, isShadow),
    shadowUsers: distinct((e) => e.userId, isShadow),
  },
  evidence: isShadow,
  floor: (p) => p.requests,
  fires: ({ shadowRequests, shadowClients }, p) =>
    shadowRequests >= p.requests && (!shadowClients.known || shadowClients.value >= p.clients),
  summary: ({ shadowRequests, shadowClients, shadowUsers }, key) =>
    `${key["route"]} is not in the inventory and answered ${shadowRequests} requests within an hour` +
    (shadowClients.known ? `, of ${shadowClients.value} clients` : "") +
    (shadowUsers.known ? "" : ", none of them with a user"),
  target: () => undefined,
  examples: [
    {
      name: "a test version of the API is open",
      fires: true,
      events: calls({ route: "/api/v0/users/{id}", clients: 10 }),
    },
    {
      name: "it is in the inventory",
      fires: false,
      events: calls({ route: "/api/users/{id}", clients: 10, listed: true }),
    },
    {
      name: "there is no inventory",
      fires: false,
      events: calls({ route: "/api/users/{id}", clients: 10, listed: undefined }),
    },
    {
      name: "a scanner finds nothing",
      fires: false,
      events: calls({ route: "/old/{unknown}", clients: 10, status: 404 }),
    },
    { name: "pictures and scripts", fires: false, events: calls({ route: "/assets/{file}", clients: 10 }) },
    {
      name: "ten requests",
      fires: false,
      events: calls({ route: "/api/v0/users/{id}", clients: 10 }).slice(0, 10),
    },
    { name: "a monitor alone", fires: false, events: calls({ route: "/status", clients: 1 }) },
  ],
  triage: [
    "Who put it there, and is it meant to be reached from outside?",
    "What does it give away without a user?",
    "Is it one of many pages that one entry with a {name} would cover?",
  ],
});

function calls(of: { route: string; clients: number; status?: number; listed?: boolean | undefined }) {
  const { route, clients, status = 200 } = of;
  const listed = "listed" in of ? of.listed : false;
  return Array.from({ length: 40 }, (_, i) => ({
    at: `${i * 30}s` as const,
    route,
    path: route,
    method: "GET",
    status,
    outcome: status === 200 ? ("ok" as const) : ("unknown" as const),
    listed,
    clientIp: `203.0.113.${i % clients}`,
    clientKey: `203.0.113.${i % clients}`,
  }));
}
