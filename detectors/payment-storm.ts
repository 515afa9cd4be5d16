import { z } from "zod";
import { count, defineDetector, distinct, isServerError } from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "payment-storm",
  title: "Payments fail",
  description:
    "Watches the share of payment requests that end in a server error: a storm within seconds (10 and 60 s), and the burn of the error budget over hours for slow leaks. It names nobody to block: these are customers.",
  owasp: ["API10:2023"],
  severity: "critical",
  needs: { required: ["status"], better: ["clientIp", "durationMs"] },
  where: { endpointClass: ["payment"], origin: ["gateway"] },
  key: ["route"],
  window: "10s",
  bucket: "1s",
  quiet: "60s",
  // The storm tier is this project's; the burn rates 14.4, 6, 3 and 1 with their windows are from
  // the SRE workbook, chapter 5.
  params: z.strictObject({
    shareOf10s: z.number().min(0).max(1).default(0.2).meta({ description: "Failed share in 10 seconds." }),
    shareOf60s: z.number().min(0).max(1).default(0.1).meta({ description: "Failed share in 60 seconds." }),
    errors: z.int().min(1).default(20).meta({ description: "Failed requests in 60 seconds." }),
    clients: z.int().min(1).default(5).meta({ description: "Different clients they hit." }),
    objective: z.number().gt(0).lt(1).default(0.999).meta({ description: "Share of payments that must not fail." }),
    burnErrors: z
      .int()
      .min(1)
      .default(30)
      .meta({ description: "Failed requests in the longer window of a burn rate." }),
  }),
  counters: {
    errors60s: count(isServerError, { window: "60s" }),
    requests60s: count(undefined, { window: "60s" }),
    clients60s: distinct((e) => e.clientKey, isServerError, { window: "60s" }),
    errors10s: count(isServerError),
    requests10s: count(),
    errors5m: count(isServerError, { window: "5m" }),
    requests5m: count(undefined, { window: "5m" }),
    errors30m: count(isServerError, { window: "30m" }),
    requests30m: count(undefined, { window: "30m" }),
    errors1h: count(isServerError, { window: "1h" }),
    requests1h: count(undefined, { window: "1h" }),
    errors2h: count(isServerError, { window: "2h" }),
    requests2h: count(undefined, { window: "2h" }),
    errors6h: count(isServerError, { window: "6h" }),
    requests6h: count(undefined, { window: "6h" }),
    errors1d: count(isServerError, { window: "1d" }),
    requests1d: count(undefined, { window: "1d" }),
    errors3d: count(isServerError, { window: "3d" }),
    requests3d: count(undefined, { window: "3d" }),
  },
  evidence: isServerError,
  fires: (f, p) => tierOf(f, p) !== undefined,
  severityOf: (f, p) => (tierOf(f, p) === "ticket" ? "medium" : "critical"),
  shows: (f, p) => shownBy[tierOf(f, p) ?? "ticket"],
  summary: (f, key) =>
    f.errors10s > 0
      ? `${f.errors60s} of ${f.requests60s} payments on ${key["route"]} failed within 60 seconds (${f.errors10s} of ${f.requests10s} in the last 10), ${f.clients60s.value} clients hit`
      : `${f.errors1h} of ${f.requests1h} payments on ${key["route"]} failed within an hour (${f.errors1d} of ${f.requests1d} within a day)`,
  target: () => undefined,
  examples: [
    {
      name: "the provider answers 502 to every third payment",
      fires: true,
      events: customers({ at: "0s", requests: 240, failing: 3, status: 502 }),
    },
    {
      name: "the provider hangs: answers end with 504 after 30 s",
      fires: true,
      events: customers({ at: "30s", requests: 60, failing: 1, status: 504, durationMs: 30_000 }),
    },
    {
      name: "customers give up waiting",
      fires: true,
      events: customers({ at: "30s", requests: 60, failing: 1, status: 499, durationMs: 15_000 }),
    },
    {
      name: "a limiter's 503 is no storm",
      fires: false,
      events: [{ at: "0s", times: 200, every: "1s", endpointClass: "payment", status: 503, outcome: "limited" }],
    },
    {
      name: "one client's own broken requests",
      fires: false,
      events: [
        ...customers({ at: "0s", requests: 600, failing: 0, status: 200 }),
        { at: "10s", times: 25, every: "1s", endpointClass: "payment", status: 500, outcome: "failed" },
      ],
    },
    {
      name: "declined cards are no outage",
      fires: false,
      events: [{ at: "0s", times: 200, every: "1s", endpointClass: "payment", status: 402, outcome: "failed" }],
    },
    {
      name: "a slow leak: two percent for two hours",
      fires: true,
      events: customers({ at: "0s", requests: 7200, failing: 50, status: 500 }),
    },
  ],
  triage: [
    "Which upstream or provider: do all failing requests go to one?",
    "What does the provider's status page say, and what was deployed in the last hour?",
    "Are payments taken twice? Look for repeated idempotency keys.",
  ],
});

/** The figures that made each tier fire. */
const shownBy = {
  storm: ["errors60s", "requests60s", "errors10s", "requests10s", "clients60s"],
  page: ["errors1h", "requests1h", "errors6h", "requests6h", "errors5m", "requests5m"],
  ticket: ["errors1d", "requests1d", "errors3d", "requests3d", "errors2h", "requests2h"],
} as const;

type Windows = "10s" | "60s" | "5m" | "30m" | "1h" | "2h" | "6h" | "1d" | "3d";
type Shares = { readonly [W in Windows as `errors${W}` | `requests${W}`]: number } & {
  readonly clients60s: { readonly value: number; readonly known: boolean };
};
interface Limits {
  shareOf10s: number;
  shareOf60s: number;
  errors: number;
  clients: number;
  objective: number;
  burnErrors: number;
}

/** Which tier fires: `storm` and `page` wake people, `ticket` can wait for the morning. */
function tierOf(f: Shares, p: Limits): "storm" | "page" | "ticket" | undefined {
  const share = (w: Windows) => (f[`requests${w}`] === 0 ? 0 : f[`errors${w}`] / f[`requests${w}`]);
  const enoughClients = !f.clients60s.known || f.clients60s.value >= p.clients;
  if (f.errors60s >= p.errors && enoughClients && share("10s") >= p.shareOf10s && share("60s") >= p.shareOf60s)
    return "storm";
  const burns = (rate: number, short: Windows, long: Windows) =>
    f[`errors${long}`] >= p.burnErrors &&
    share(short) >= rate * (1 - p.objective) &&
    share(long) >= rate * (1 - p.objective);
  if (burns(14.4, "5m", "1h") || burns(6, "30m", "6h")) return "page";
  return burns(3, "2h", "1d") || burns(1, "6h", "3d") ? "ticket" : undefined;
}

/** One payment a second, half a second or so by different customers; every `failing`-th with `status`. */
function customers(of: { at: `${number}s`; requests: number; failing: number; status: number; durationMs?: number }) {
  const start = Number.parseInt(of.at, 10) * 1000;
  return Array.from({ length: of.requests }, (_, i) => {
    const fails = of.failing > 0 && i % of.failing === 0;
    return {
      at: `${start + i * 500}ms` as const,
      endpointClass: "payment" as const,
      status: fails ? of.status : 200,
      outcome: fails ? ("failed" as const) : ("ok" as const),
      durationMs: fails ? of.durationMs : 80,
      clientIp: `203.0.113.${i % 200}`,
      clientKey: `203.0.113.${i % 200}`,
    };
  });
}
