import { z } from "zod";
import { count, defineDetector, distinct } from "../src/detect/define-detector.ts";

/** Of fewer requests than these in the rest of the hour a share is chance. */
const leastBefore = 50;

export default defineDetector({
  id: "country-surge",
  title: "A country's share jumps",
  description:
    "Compares each country's share of an endpoint class over ten minutes with its share over the last hour and the last day. A campaign abroad looks the same as a botnet abroad, so this is shown and never blocks. It needs a hundred requests of the class, and about half an hour, before it says anything.",
  owasp: ["API4:2023", "API6:2023"],
  severity: "medium",
  needs: { required: ["country"], better: ["clientIp"] },
  where: { endpointClass: ["login", "signup", "password_reset", "promo", "checkout", "payment"], attempt: true },
  key: ["endpointClass", "country"],
  window: "10m",
  params: z.strictObject({
    share: z.number().min(0).max(1).default(0.2).meta({ description: "Share of the class's requests in ten minutes." }),
    times: z
      .number()
      .min(1)
      .default(4)
      .meta({ description: "So many times its share of the last hour, and of the last day." }),
    requests: z.int().min(1).default(50).meta({ description: "Requests from the country in ten minutes." }),
    clients: z.int().min(1).default(5).meta({ description: "Different clients they come from." }),
    // Of a hundred, a country's fifth is taken for a twentieth once in a hundred thousand times.
    history: z
      .int()
      .min(1)
      .default(100)
      .meta({ description: "Requests of the class in the last day, or nothing is said." }),
  }),
  counters: {
    requests: count(),
    total: count(undefined, { key: ["endpointClass"] }),
    clients: distinct((e) => e.clientKey),
    hourRequests: count(undefined, { window: "1h" }),
    hourTotal: count(undefined, { window: "1h", key: ["endpointClass"] }),
    dayRequests: count(undefined, { window: "1d" }),
    dayTotal: count(undefined, { window: "1d", key: ["endpointClass"] }),
  },
  fires: ({ requests, total, clients, hourRequests, hourTotal, dayRequests, dayTotal }, p) => {
    if (requests < p.requests || dayTotal < p.history || (clients.known && clients.value < p.clients)) return false;
    const share = requests / total;
    if (share < p.share) return false;
    // After another country's surge everybody's share of the day is small: what it was in the hour counts, too.
    const before = Math.max(0, hourTotal - total) < leastBefore ? 0 : (hourRequests - requests) / (hourTotal - total);
    // A country never seen before counts as having one percent.
    return share >= p.times * Math.max(0.01, dayRequests / dayTotal, before);
  },
  summary: ({ requests, total, dayRequests, dayTotal }, key) =>
    `${key["country"]} makes ${percent(requests / total)} of ${key["endpointClass"]} requests in 10 minutes (${requests} of ${total}); over the last day ${percent(dayRequests / Math.max(1, dayTotal))}`,
  target: ({ key }) => ({ scope: "country", value: key["country"]! }),
  examples: [
    {
      name: "a country never seen makes half of all logins",
      fires: true,
      events: [
        { at: "0s", times: 600, every: "10s", endpointClass: "login", status: 200, outcome: "ok", country: "DE" },
        ...crowd({ at: "95m", country: "BR", requests: 80 }),
      ],
    },
    {
      name: "a country that always has a third of the traffic",
      fires: false,
      events: [
        { at: "0s", times: 600, every: "10s", endpointClass: "login", status: 200, outcome: "ok", country: "DE" },
        { at: "0s", times: 300, every: "20s", endpointClass: "login", status: 200, outcome: "ok", country: "BR" },
        ...crowd({ at: "95m", country: "BR", requests: 80 }),
      ],
    },
    {
      name: "everybody at home, an hour after a botnet abroad",
      fires: false,
      events: [
        { at: "0s", times: 600, every: "10s", endpointClass: "login", status: 200, outcome: "ok", country: "DE" },
        { at: "100m", times: 120, every: "10s", endpointClass: "login", status: 200, outcome: "ok", country: "DE" },
        ...Array.from({ length: 10 }, (_, i) => crowd({ at: `${20 + 2 * i}m`, country: "BR", requests: 400 })).flat(),
        ...crowd({ at: "110m", country: "DE", requests: 80 }),
      ],
    },
    {
      name: "a flash sale: every country's customers come at once",
      fires: false,
      events: [
        { at: "0s", times: 600, every: "10s", endpointClass: "login", status: 200, outcome: "ok", country: "DE" },
        { at: "0s", times: 200, every: "30s", endpointClass: "login", status: 200, outcome: "ok", country: "BR" },
        ...crowd({ at: "95m", country: "DE", requests: 600 }),
        ...crowd({ at: "95m", country: "BR", requests: 200 }),
      ],
    },
    {
      name: "no history yet",
      fires: false,
      events: crowd({ at: "0s", country: "BR", requests: 80 }),
    },
    {
      name: "one client alone",
      fires: false,
      events: [
        { at: "0s", times: 600, every: "10s", endpointClass: "login", status: 200, outcome: "ok", country: "DE" },
        { at: "95m", times: 80, every: "1s", endpointClass: "login", status: 200, outcome: "ok", country: "BR" },
      ],
    },
  ],
  triage: [
    "Did marketing start a campaign or an app release in that country?",
    "Do the sign-ins from there fail more often than elsewhere?",
    "Do the requests share a network or a user agent?",
  ],
});

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function crowd(of: { at: `${number}s` | `${number}m`; country: string; requests: number }) {
  return Array.from({ length: 20 }, (_, i) => ({
    at: of.at,
    times: of.requests / 20,
    every: "20s" as const,
    endpointClass: "login" as const,
    status: 200,
    outcome: "ok" as const,
    country: of.country,
    clientIp: `198.51.100.${i}`,
    clientKey: `198.51.100.${i}`,
  }));
}
