import { z } from "zod";
import { count, defineDetector, isFailed, type Predicate } from "../src/detect/define-detector.ts";

/** A call that takes so long has cost the customer's patience, whatever came of it. */
const slowFromMs = 10_000;

const isSlow: Predicate = (e) => (e.durationMs ?? 0) >= slowFromMs;
const isTrouble: Predicate = (e) => isFailed(e) || isSlow(e);

export default defineDetector({
  id: "third-party-failure",
  title: "A third party fails",
  description:
    "Watches calls to others (carriers, stock, tax, mail) and what others call here (webhooks): the share that fails or takes ten seconds and more, by the provider that a shop event names, else by route. Calls that leave past the gateway, and of which the application says nothing, are not seen.",
  owasp: ["API10:2023"],
  severity: "medium",
  needs: { required: ["outcome"], better: ["durationMs"] },
  where: { endpointClass: ["third_party", "webhook"], attempt: true },
  key: ["provider"],
  window: "5m",
  params: z.strictObject({
    share: z.number().min(0).max(1).default(0.2).meta({ description: "Failed or slow share in five minutes." }),
    calls: z.int().min(1).default(10).meta({ description: "Failed or slow calls in five minutes." }),
  }),
  counters: {
    calls: count(),
    failures: count(isFailed),
    slow: count(isSlow),
    trouble: count(isTrouble),
  },
  evidence: isTrouble,
  floor: (p) => p.calls,
  fires: ({ calls, trouble }, p) => trouble >= p.calls && trouble >= p.share * calls,
  severityOf: ({ calls, trouble }, p) => (trouble >= 3 * p.calls && 2 * trouble >= calls ? "high" : "medium"),
  summary: ({ calls, failures, slow }, key) =>
    `${failures} of ${calls} calls of ${key["provider"]} failed within 5 minutes, and ${slow} took 10 seconds or more`,
  target: () => undefined,
  examples: [
    { name: "the carrier's API is down", fires: true, events: ofProvider({ name: "carrier", calls: 60, failing: 1 }) },
    {
      name: "the tax service hangs",
      fires: true,
      events: ofProvider({ name: "tax", calls: 60, failing: 0, durationMs: 25_000 }),
    },
    {
      name: "one provider of ten",
      fires: true,
      events: [
        ...Array.from({ length: 9 }, (_, i) => ofProvider({ name: `p${i}`, calls: 60, failing: 0 })).flat(),
        ...ofProvider({ name: "p9", calls: 60, failing: 2 }),
      ],
    },
    {
      name: "webhooks are answered 500",
      fires: true,
      events: [
        {
          at: "0s",
          times: 20,
          every: "5s",
          endpointClass: "webhook",
          route: "/webhooks/psp",
          status: 500,
          outcome: "failed",
        },
      ],
    },
    {
      name: "a few calls time out, as they do every day",
      fires: false,
      events: ofProvider({ name: "carrier", calls: 280, failing: 20 }),
    },
    {
      name: "webhooks with a wrong signature are refused",
      fires: false,
      events: [
        {
          at: "0s",
          times: 40,
          every: "5s",
          endpointClass: "webhook",
          route: "/webhooks/psp",
          status: 401,
          outcome: "denied",
        },
      ],
    },
  ],
  triage: [
    "What does the provider's status page say?",
    "Is it their failure or ours: did credentials run out, an address change, a quota end?",
    "What do customers see meanwhile: is there a way to go on without it?",
  ],
});

/** A call each second, of which every `failing`-th fails; none if 0. */
function ofProvider(of: { name: string; calls: number; failing: number; durationMs?: number }) {
  return Array.from({ length: of.calls }, (_, i) => {
    const fails = of.failing > 0 && i % of.failing === 0;
    return {
      at: `${i}s` as const,
      origin: "shop" as const,
      endpointClass: "third_party" as const,
      method: "EVENT",
      route: fails ? "third_party.failed" : "third_party.succeeded",
      status: 0,
      outcome: fails ? ("failed" as const) : ("ok" as const),
      durationMs: of.durationMs ?? 120,
      clientIp: undefined,
      clientKey: undefined,
      attributes: { provider: of.name },
    };
  });
}
