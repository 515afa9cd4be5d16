import { z } from "zod";
import { count, defineDetector, distinct } from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "api-key-sharing",
  title: "One API key is used by many clients",
  description:
    "Counts the clients that use one API key for orders, accounts and the like, and their networks. A key that got into an app, a public repository or others' hands is used from everywhere; a partner's comes from its own machines, and those of one or two providers. A partner who runs the key on customers' machines looks the same. It can't see a key that one thief alone uses, nor what is only browsed with it.",
  owasp: ["API2:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "apiKey"], better: ["asn", "userAgent"] },
  where: {
    endpointClass: ["account", "order", "checkout", "payment", "loyalty", "reservation", "admin"],
    outcome: ["ok"],
    origin: ["gateway"],
  },
  key: ["apiKey"],
  window: "30m",
  // AWS WAF: one token from more than 5 addresses. Twice as many, and a third network, are this
  // project's: a partner has many machines and more than one provider.
  params: z.strictObject({
    clients: z.int().min(1).default(10).meta({ description: "More clients than this in half an hour." }),
    networks: z
      .int()
      .min(1)
      .default(3)
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
    // Where there are no networks, many programs speak against one partner's machines.
    return networks.known || agents.value >= 2;
  },
  summary: ({ requests, clients, networks, agents }, key) =>
    `API key ${key["apiKey"]} was used by ${clients.value} clients within 30 minutes` +
    (networks.known ? `, in ${networks.value} ${networks.value === 1 ? "network" : "networks"}` : "") +
    (agents.known ? ` with ${agents.value} user ${agents.value === 1 ? "agent" : "agents"}` : "") +
    `, for ${requests} requests`,
  target: ({ key }) => ({ scope: "apiKey", value: key["apiKey"]! }),
  examples: [
    {
      name: "a key that was published, used from five networks",
      fires: true,
      events: used({ clients: 25, networks: 5, agents: 6 }),
    },
    {
      name: "the log has no networks: three times as many clients, with many programs",
      fires: true,
      events: used({ clients: 40, agents: 8 }),
    },
    {
      name: "a partner's batch from thirty machines at two providers",
      fires: false,
      events: used({ clients: 30, networks: 2, agents: 1 }),
    },
    {
      name: "a partner with offices in five networks, one machine each",
      fires: false,
      events: used({ clients: 5, networks: 5, agents: 2, each: 20 }),
    },
    {
      name: "the log has no networks: a partner's fifty machines, one program",
      fires: false,
      events: used({ clients: 50, agents: 1 }),
    },
  ],
  triage: [
    "Whose key is it, and does the partner know these networks?",
    "Is the key in an app, a web page or a public repository?",
    "What was done with it from the new networks: orders read, accounts changed?",
  ],
});

/** Requests with one key, by each client in turn. */
function used(of: { clients: number; networks?: number; agents: number; each?: number }) {
  return Array.from({ length: of.clients * (of.each ?? 3) }, (_, i) => ({
    at: `${i * 20}s` as const,
    method: "GET",
    endpointClass: "order" as const,
    outcome: "ok" as const,
    apiKey: "partner-7",
    clientIp: `203.0.113.${i % of.clients}`,
    clientKey: `203.0.113.${i % of.clients}`,
    asn: of.networks === undefined ? undefined : 64500 + (i % of.networks),
    userAgent: `App/${i % of.agents}`,
  }));
}
