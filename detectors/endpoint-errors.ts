import { z } from "zod";
import {
  type Baseline,
  count,
  defineDetector,
  distinct,
  inPercent,
  isServerError,
  isSettled,
  type Predicate,
  usualInWords,
  usualRange,
} from "../src/detect/define-detector.ts";

/** So many times the usual share are no chance, where the shares of ten minutes differ much, too. */
const timesUsual = 10;

/** Payments have `payment-storm`, what others run `third-party-failure`. */
const isOwnError: Predicate = (e) =>
  e.endpointClass !== "payment" &&
  e.endpointClass !== "third_party" &&
  e.endpointClass !== "webhook" &&
  isServerError(e);

export default defineDetector({
  id: "endpoint-errors",
  title: "An endpoint fails",
  description:
    "Watches the share of each endpoint's requests that end in a server error, over five minutes and over an hour; where it is known what is usual at this hour of the week, a smaller share is enough. It needs several clients: what one client alone gets wrong is no outage. Endpoints with few requests, and leaks of less than a few percent, are not seen. It names nobody to block.",
  owasp: [],
  severity: "high",
  needs: { required: ["status"], better: ["clientIp", "durationMs"] },
  where: { origin: ["gateway"] },
  key: ["route"],
  window: "5m",
  // The burn rate of 14.4 over an hour and a twelfth of it is the SRE workbook's, chapter 5. Its
  // objective, and what is an outage at once, are this project's: an endpoint is no payment.
  params: z.strictObject({
    share: z.number().min(0).max(1).default(0.2).meta({ description: "Failed share in five minutes." }),
    errors: z.int().min(1).default(30).meta({ description: "Failed requests in five minutes." }),
    clients: z.int().min(1).default(5).meta({ description: "Different clients they hit." }),
    objective: z.number().gt(0).lt(1).default(0.995).meta({ description: "Share of requests that must not fail." }),
    usualShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .meta({ description: "Failed share in five minutes, where a tenth of it is more than what is usual." }),
    burnErrors: z.int().min(1).default(60).meta({ description: "Failed requests in an hour of a burn rate." }),
  }),
  baselines: ["errors"],
  counters: {
    requests: count(),
    errors: count(isOwnError),
    clients: distinct((e) => e.clientKey, isOwnError),
    hourRequests: count(undefined, { window: "1h" }),
    hourErrors: count(isOwnError, { window: "1h" }),
  },
  evidence: isOwnError,
  floor: (p) => Math.min(p.errors, p.clients),
  fires: (f, p, context) => {
    if (f.clients.known && f.clients.value < p.clients) return false;
    if (f.errors >= p.errors && f.errors >= p.share * f.requests) return true;
    const usual = context.baseline("errors");
    if (f.errors >= p.errors && f.errors >= p.usualShare * f.requests && isFarAbove(f.errors / f.requests, usual))
      return true;
    const burn = 14.4 * (1 - p.objective);
    return f.hourErrors >= p.burnErrors && f.errors >= burn * f.requests && f.hourErrors >= burn * f.hourRequests;
  },
  severityOf: ({ errors, requests }, p) => (errors >= p.errors && errors >= p.share * requests ? "high" : "medium"),
  summary: ({ errors, requests, clients, hourErrors, hourRequests }, key, context) => {
    const usual = context.baseline("errors");
    return (
      `${errors} of ${requests} requests to ${key["route"]} failed within 5 minutes, ${clients.value} clients hit (${hourErrors} of ${hourRequests} within an hour)` +
      (isSettled(usual) ? `; ${usualInWords(usual, inPercent)}` : "")
    );
  },
  target: () => undefined,
  examples: [
    {
      name: "every second request is answered 500",
      fires: true,
      events: customers({ requests: 200, every: 500, failing: 2, status: 500 }),
    },
    {
      name: "one in ten, for an hour",
      fires: true,
      events: customers({ requests: 1800, every: 2000, failing: 10, status: 502 }),
    },
    {
      name: "customers give up waiting",
      fires: true,
      events: customers({ requests: 200, every: 500, failing: 2, status: 499, durationMs: 20_000 }),
    },
    {
      name: "one in fifteen, where one in a thousand is usual at this hour",
      fires: true,
      events: customers({ requests: 600, every: 500, failing: 15, status: 500 }),
      baselines: [{ of: "errors", route: "/api/example", median: 0.001, spread: 0.005 }],
    },
    {
      name: "one in fifteen, where one in fifty is usual at this hour",
      fires: false,
      events: customers({ requests: 600, every: 500, failing: 15, status: 500 }),
      baselines: [{ of: "errors", route: "/api/example", median: 0.02, spread: 0.005 }],
    },
    {
      name: "one in fifteen, where it is not known what is usual",
      fires: false,
      events: customers({ requests: 600, every: 500, failing: 15, status: 500 }),
    },
    {
      name: "one in fifteen, where it differs from week to week",
      fires: false,
      events: customers({ requests: 600, every: 500, failing: 15, status: 500 }),
      baselines: [{ of: "errors", route: "/api/example", median: 0.001, spread: 0.02 }],
    },
    {
      name: "a restart: a handful of 502",
      fires: false,
      events: [
        ...customers({ requests: 600, every: 500, failing: 0, status: 200 }),
        ...customers({ requests: 20, every: 100, failing: 1, status: 502 }),
      ],
    },
    {
      name: "three in a hundred, at a busy endpoint",
      fires: false,
      events: customers({ requests: 1500, every: 200, failing: 33, status: 500 }),
    },
    {
      name: "one in five, where little is asked for",
      fires: false,
      events: customers({ requests: 100, every: 5000, failing: 5, status: 500 }),
    },
    {
      name: "one client's own broken requests",
      fires: false,
      events: [{ at: "0s", times: 200, every: "1s", endpointClass: "search", status: 500, outcome: "failed" }],
    },
    {
      name: "a flash sale: the limiter answers 503",
      fires: false,
      events: customers({ requests: 400, every: 200, failing: 2, status: 503, outcome: "limited" }),
    },
    {
      name: "an app release: everybody is asked to sign in again",
      fires: false,
      events: customers({ requests: 400, every: 200, failing: 1, status: 401, outcome: "denied" }),
    },
    {
      name: "payments have a detector of their own",
      fires: false,
      events: customers({ requests: 200, every: 500, failing: 2, status: 500, endpointClass: "payment" }),
    },
  ],
  triage: [
    "What was deployed in the last hour, here or behind it?",
    "Do all gateways see it, or one? Who answers: the gateway (502, 503, 504) or the application (500)?",
    "Do other endpoints of the same service fail as well?",
  ],
});

function isFarAbove(share: number, usual: Baseline): boolean {
  if (!isSettled(usual)) return false;
  return share >= timesUsual * usual.median && share >= usualRange(usual).most;
}

/** Requests by 50 customers; every `failing`-th fails, none if 0. `every`: milliseconds. */
function customers(of: {
  requests: number;
  every: number;
  failing: number;
  status: number;
  outcome?: "limited" | "denied";
  durationMs?: number;
  endpointClass?: "payment";
}) {
  return Array.from({ length: of.requests }, (_, i) => {
    const fails = of.failing > 0 && i % of.failing === 0;
    return {
      at: `${i * of.every}ms` as const,
      endpointClass: of.endpointClass ?? ("search" as const),
      status: fails ? of.status : 200,
      outcome: fails ? (of.outcome ?? ("failed" as const)) : ("ok" as const),
      durationMs: fails ? of.durationMs : 80,
      clientIp: `203.0.113.${i % 50}`,
      clientKey: `203.0.113.${i % 50}`,
    };
  });
}
