import { z } from "zod";
import {
  count,
  defineDetector,
  distinct,
  isServed,
  isSignedIn,
  type Predicate,
} from "../src/detect/define-detector.ts";

const isServedProtected: Predicate = (e) => e.needsUser === true && isServed(e);
const isAnonymous: Predicate = (e) => isServedProtected(e) && !isSignedIn(e);
const isKnown: Predicate = (e) => isServedProtected(e) && isSignedIn(e);

export default defineDetector({
  id: "unauthenticated-access",
  title: "An endpoint answers without a user",
  description:
    "Looks at endpoints of which the inventory says that they need a signed-in user, and counts 2xx answers to requests without a user, key or session: from outside and from within alike. It believes a gateway's log only where that log names users for such endpoints at all. What answers 200 with an error in it looks like an answer.",
  owasp: ["API2:2023", "API5:2023"],
  severity: "high",
  needs: { required: ["needsUser", "userId"], better: ["clientIp"] },
  where: { origin: ["gateway"] },
  key: ["gateway", "route"],
  window: "1h",
  // Any is one too many; three are no accident of the log. A gateway that doesn't log users has none
  // of the twenty.
  params: z.strictObject({
    anonymous: z.int().min(1).default(3).meta({ description: "Answers without a user in an hour." }),
    known: z
      .int()
      .min(1)
      .default(20)
      .meta({ description: "Answers with a user in an hour, over all such endpoints of the gateway." }),
  }),
  counters: {
    anonymous: count(isAnonymous),
    clients: distinct((e) => e.clientKey, isAnonymous),
    knownAtGateway: count(isKnown, { key: ["gateway"] }),
  },
  evidence: isAnonymous,
  floor: (p) => p.anonymous,
  fires: ({ anonymous, knownAtGateway }, p) => anonymous >= p.anonymous && knownAtGateway >= p.known,
  summary: ({ anonymous, clients, knownAtGateway }, key) =>
    `${key["route"]} answered ${anonymous} requests without a user within an hour` +
    (clients.known ? `, of ${clients.value} ${clients.value === 1 ? "client" : "clients"}` : "") +
    `; the inventory says that it needs one, and gateway ${key["gateway"]} named one in ${knownAtGateway} answers of such endpoints`,
  target: () => undefined,
  examples: [
    {
      name: "a new version forgot to ask who it is",
      fires: true,
      events: [
        ...requests({ route: "/api/account", users: 40 }),
        ...requests({ route: "/api/invoices/{id}", users: 0 }),
      ],
    },
    {
      name: "within an internal zone",
      fires: true,
      events: [
        ...requests({ route: "/api/account", users: 40 }),
        ...requests({ route: "/internal/customers/{id}", users: 0, clientIp: "10.0.3.4" }),
      ],
    },
    {
      name: "the log has no users",
      fires: false,
      events: requests({ route: "/api/invoices/{id}", users: 0 }),
    },
    {
      name: "twice in an hour",
      fires: false,
      events: [
        ...requests({ route: "/api/account", users: 40 }),
        ...requests({ route: "/api/invoices/{id}", users: 0 }).slice(0, 2),
      ],
    },
    {
      name: "few of the log's lines have a user",
      fires: false,
      events: [...requests({ route: "/api/account", users: 10 }), ...requests({ route: "/api/account", users: 0 })],
    },
    {
      name: "strangers are refused",
      fires: false,
      events: [
        ...requests({ route: "/api/account", users: 40 }),
        ...requests({ route: "/api/account", users: 0, status: 401 }),
      ],
    },
    {
      name: "the inventory leaves open whether it needs a user",
      fires: false,
      events: [
        ...requests({ route: "/api/account", users: 40 }),
        ...requests({ route: "/api/cart", users: 0, needsUser: false }),
      ],
    },
    {
      name: "another gateway logs users, this one doesn't",
      fires: false,
      events: [
        ...requests({ route: "/api/account", users: 40 }),
        ...requests({ route: "/api/account", users: 0, gateway: "internal" }),
      ],
    },
  ],
  triage: [
    "Open it yourself, without signing in: is there anybody's data in the answer?",
    "Is the user's name lost on the way to the log, for an app or a cookie of its own?",
    "What was deployed before the first such answer?",
  ],
});

function requests(of: {
  route: string;
  users: number;
  status?: number;
  needsUser?: boolean;
  clientIp?: string;
  gateway?: string;
}) {
  const { route, users, status = 200, needsUser = true, clientIp = "203.0.113.9", gateway = "edge" } = of;
  return Array.from({ length: users === 0 ? 5 : users }, (_, i) => ({
    at: `${i * 3}s` as const,
    route,
    method: "GET",
    endpointClass: "account" as const,
    status,
    outcome: status === 200 ? ("ok" as const) : ("denied" as const),
    listed: true,
    needsUser,
    userId: users === 0 ? undefined : `user-${i}`,
    gateway,
    clientIp,
    clientKey: clientIp,
  }));
}
