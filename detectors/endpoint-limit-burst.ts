import { z } from "zod";
import {
  count,
  defineDetector,
  distinct,
  inPercent,
  isLimited,
  isSettled,
  usualInWords,
  usualRange,
} from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "endpoint-limit-burst",
  title: "An endpoint's limit refuses many",
  description:
    "Compares the share of an endpoint's requests that a limiter refuses over five minutes with the hour before, and with what is usual at this hour of the week. Many clients that are refused a little each are a flash crowd or a limit that is too low; so this is shown, and names nobody. Somebody who runs on alone is found by `rate-limit-burst`.",
  owasp: ["API4:2023"],
  severity: "medium",
  needs: { required: ["outcome"], better: ["clientIp"] },
  where: { origin: ["gateway"] },
  key: ["route"],
  window: "5m",
  params: z.strictObject({
    limited: z.int().min(1).default(50).meta({ description: "Refused requests in five minutes." }),
    clients: z.int().min(1).default(20).meta({ description: "Different clients they come from." }),
    share: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .meta({ description: "Refused share of the endpoint's requests; four times as much where there is no history." }),
    times: z.number().min(1).default(5).meta({ description: "So many times the share of the hour before." }),
    history: z
      .int()
      .min(1)
      .default(300)
      .meta({ description: "Requests of the hour before, or there is nothing to compare with." }),
  }),
  baselines: ["limited"],
  counters: {
    requests: count(),
    limited: count(isLimited),
    clients: distinct((e) => e.clientKey, isLimited),
    hourRequests: count(undefined, { window: "1h" }),
    hourLimited: count(isLimited, { window: "1h" }),
  },
  evidence: isLimited,
  floor: (p) => p.limited,
  fires: ({ requests, limited, clients, hourRequests, hourLimited }, p, context) => {
    if (limited < p.limited || (clients.known && clients.value < p.clients)) return false;
    const requestsBefore = hourRequests - requests;
    const usual = context.baseline("limited");
    const hasHistory = requestsBefore >= p.history;
    if (!hasHistory && !isSettled(usual)) return limited >= requests * 4 * p.share;
    const before = hasHistory ? Math.max(0, hourLimited - limited) / requestsBefore : 0;
    const atThisHour = isSettled(usual) ? usual.median : 0;
    if (isSettled(usual) && limited < requests * usualRange(usual).most) return false;
    return limited >= requests * Math.max(p.share, p.times * Math.max(before, atThisHour));
  },
  summary: ({ requests, limited, clients, hourRequests, hourLimited }, key, context) => {
    const usual = context.baseline("limited");
    return (
      `${limited} of ${requests} requests to ${key["route"]} were refused by the limit within 5 minutes (${hourLimited} of ${hourRequests} within an hour)` +
      (clients.known ? `; ${clients.value} clients, ${Math.ceil(limited / clients.value)} each` : "") +
      (isSettled(usual) ? `; ${usualInWords(usual, inPercent)}` : "")
    );
  },
  target: () => undefined,
  examples: [
    {
      name: "a new limit refuses every third customer",
      fires: true,
      events: [...crowd({ at: 0, requests: 600, refused: 0 }), ...crowd({ at: 3000, requests: 300, refused: 3 })],
    },
    {
      name: "a flash sale, and nothing to compare with",
      fires: true,
      events: crowd({ at: 0, requests: 200, refused: 2 }),
    },
    {
      name: "no history, and a tenth is refused",
      fires: false,
      events: crowd({ at: 0, requests: 900, refused: 10, everyMs: 300 }),
    },
    {
      name: "a tenth is always refused",
      fires: false,
      events: crowd({ at: 0, requests: 6000, refused: 10, everyMs: 400 }),
    },
    {
      name: "a tenth is refused, and hardly anybody is at this hour, soon after a start",
      fires: true,
      events: crowd({ at: 0, requests: 900, refused: 10, everyMs: 300 }),
      baselines: [{ of: "limited", route: "/api/example", median: 0.005 }],
    },
    {
      name: "every third customer is refused, as every week at this hour",
      fires: false,
      events: [...crowd({ at: 0, requests: 600, refused: 0 }), ...crowd({ at: 3000, requests: 300, refused: 3 })],
      baselines: [{ of: "limited", route: "/api/example", median: 0.3 }],
    },
    {
      name: "half of a few requests",
      fires: false,
      events: crowd({ at: 0, requests: 60, refused: 2 }),
    },
    {
      name: "one partner's batch runs into the limit",
      fires: false,
      events: [
        ...crowd({ at: 0, requests: 600, refused: 0 }),
        ...["203.0.113.91", "203.0.113.92", "203.0.113.93"].map((clientIp) => ({
          at: "3000s" as const,
          times: 60,
          every: "2s" as const,
          endpointClass: "catalog" as const,
          status: 429,
          outcome: "limited" as const,
          clientIp,
          clientKey: clientIp,
        })),
      ],
    },
  ],
  triage: [
    "Was the limit, or a key it counts by, changed? Or a campaign begun?",
    "Is it one client behind which many hide: does the limit count a proxy's address?",
    "Which endpoint: on sign-in and promo codes an attack from many addresses looks like this.",
  ],
});

/** Requests of 60 customers in turn, one a second; every `refused`-th is refused, none if 0. `at`: seconds. */
function crowd(of: { at: number; requests: number; refused: number; everyMs?: number }) {
  const { at, requests, refused, everyMs = 1000 } = of;
  return Array.from({ length: requests }, (_, i) => {
    const isRefused = refused > 0 && i % refused === 0;
    return {
      at: `${at * 1000 + i * everyMs}ms` as const,
      endpointClass: "catalog" as const,
      status: isRefused ? 429 : 200,
      outcome: isRefused ? ("limited" as const) : ("ok" as const),
      clientIp: `203.0.113.${Math.floor(i / Math.max(1, refused)) % 60}`,
      clientKey: `203.0.113.${Math.floor(i / Math.max(1, refused)) % 60}`,
    };
  });
}
