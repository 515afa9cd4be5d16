import { z } from "zod";
import { count, defineDetector, distinct } from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "token-sharing",
  title: "One session is used by many clients",
  description:
    "Counts the clients that use one session for what only its customer may see or do, and their networks and programs. A stolen session is used from elsewhere beside its owner; a bought one by many. A telephone that wanders between networks changes its address, not its program: so it takes several programs, or very different networks. It can't see a token that one thief alone uses, nor what is only browsed with it.",
  owasp: ["API2:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "sessionId"], better: ["asn", "userAgent"] },
  where: {
    endpointClass: ["account", "order", "checkout", "payment", "loyalty", "admin"],
    outcome: ["ok"],
    origin: ["gateway"],
  },
  key: ["sessionId"],
  window: "30m",
  // AWS WAF: one token from more than 5 addresses. The second sign is this project's.
  params: z.strictObject({
    clients: z.int().min(1).default(5).meta({ description: "More clients than this in half an hour." }),
    networks: z
      .int()
      .min(1)
      .default(2)
      .meta({ description: "In so many networks, where the log tells; else it takes three times as many clients." }),
  }),
  counters: {
    requests: count(),
    clients: distinct((e) => e.clientKey),
    networks: distinct((e) => e.asn),
    agents: distinct((e) => e.userAgent),
  },
  floor: (p) => p.clients,
  fires: ({ clients, networks, agents }, p) => {
    if (clients.value <= (networks.known ? p.clients : 3 * p.clients)) return false;
    if (networks.known && networks.value < p.networks) return false;
    // One program in three networks or more: hardly one telephone.
    return agents.value >= 2 || networks.value > p.networks;
  },
  summary: ({ requests, clients, networks, agents }, key) =>
    `Session ${key["sessionId"]} was used by ${clients.value} clients within 30 minutes` +
    (networks.known ? `, in ${networks.value} ${networks.value === 1 ? "network" : "networks"}` : "") +
    (agents.known ? ` with ${agents.value} user ${agents.value === 1 ? "agent" : "agents"}` : "") +
    `, for ${requests} requests`,
  target: ({ key }) => ({ scope: "session", value: key["sessionId"]! }),
  examples: [
    {
      name: "a stolen session, used by ten machines of four networks",
      fires: true,
      events: used({ clients: 10, networks: 4, agents: 1 }),
    },
    {
      name: "sold to others in two networks: several programs",
      fires: true,
      events: used({ clients: 8, networks: 2, agents: 4 }),
    },
    {
      name: "the log has no networks: three times as many clients",
      fires: true,
      events: used({ clients: 20, agents: 4 }),
    },
    {
      name: "a telephone on a train, between its carrier's addresses and the train's",
      fires: false,
      events: used({ clients: 8, networks: 2, agents: 1 }),
    },
    {
      name: "a carrier that sends each request from another address",
      fires: false,
      events: used({ clients: 30, networks: 1, agents: 1 }),
    },
    {
      name: "at home, at work and on the way, with the same browser",
      fires: false,
      events: used({ clients: 4, networks: 4, agents: 1, each: 10 }),
    },
    {
      name: "the log has no networks: a few clients are not enough",
      fires: false,
      events: used({ clients: 8, agents: 1 }),
    },
  ],
  triage: [
    "Where did the session begin, and which of the clients is its owner's?",
    "Do the clients do the same at the same time, like a program, or each something else?",
    "Is it an account that several people share on purpose: a company, a till?",
  ],
});

/** Requests with one session, by each client in turn. */
function used(of: { clients: number; networks?: number; agents: number; each?: number }) {
  return Array.from({ length: of.clients * (of.each ?? 3) }, (_, i) => ({
    at: `${i * 20}s` as const,
    method: "GET",
    endpointClass: "account" as const,
    outcome: "ok" as const,
    sessionId: "s-1",
    clientIp: `203.0.113.${i % of.clients}`,
    clientKey: `203.0.113.${i % of.clients}`,
    asn: of.networks === undefined ? undefined : 64500 + (i % of.networks),
    userAgent: `App/${i % of.agents}`,
  }));
}
