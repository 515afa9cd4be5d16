import { z } from "zod";
import { count, defineDetector, distinct, isLimited } from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "rate-limit-burst",
  title: "Somebody ignores the rate limit",
  description:
    "Counts requests that a limiter refused, by user, else by API key, else by client. A client that honours Retry-After is refused a few times; one that runs on is refused dozens of times a minute.",
  owasp: ["API4:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome"], better: ["userId", "apiKey"] },
  where: { outcome: ["limited"], origin: ["gateway"] },
  key: ["actor"],
  window: "60s",
  params: z.strictObject({
    limited: z.int().min(1).default(30).meta({ description: "Refused requests in a minute." }),
  }),
  counters: {
    limited: count(isLimited),
    routes: distinct((e) => e.route, isLimited),
  },
  floor: (p) => p.limited,
  fires: ({ limited }, p) => limited >= p.limited,
  severityOf: ({ limited }, p) => (limited >= 10 * p.limited ? "high" : "medium"),
  summary: ({ limited, routes }, key) =>
    `${limited} requests of ${key["actor"]} were refused by the rate limit within a minute, on ${routes.value} ${routes.value === 1 ? "route" : "routes"}`,
  target: ({ key }) => {
    const [kind, value] = splitActor(key["actor"]!);
    if (kind === "user") return { scope: "user", value };
    return kind === "key" ? { scope: "apiKey", value } : { scope: "ip", value };
  },
  examples: [
    {
      name: "runs on through the limit",
      fires: true,
      events: [{ at: "0s", times: 40, every: "1s", status: 429, outcome: "limited" }],
    },
    {
      name: "honours Retry-After",
      fires: false,
      events: [{ at: "0s", times: 10, every: "10s", status: 429, outcome: "limited" }],
    },
    {
      name: "forty customers behind one address, one refusal each",
      fires: false,
      events: Array.from({ length: 40 }, (_, i) => ({
        at: `${i}s` as const,
        status: 429,
        outcome: "limited" as const,
        userId: `user-${i}`,
      })),
    },
  ],
  triage: [
    "Is it one of your partners or your own app with a retry loop? Then the limit or the loop has to change.",
    "Which routes: search and product pages speak of scraping, login and promo of an attack.",
  ],
});

function splitActor(actor: string): [string, string] {
  const at = actor.indexOf(":");
  return [actor.slice(0, at), actor.slice(at + 1)];
}
