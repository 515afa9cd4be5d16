import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { count, defineDetector, distinct, type Duration, sum } from "../src/detect/define-detector.ts";
import { actorInWords } from "../src/detect/actor-target.ts";
import { objectOf } from "../src/detect/object-id.ts";

const megabyte = 1_000_000;

/** A user was given something that belongs to somebody. */
const isRead = (e: AccessEvent) =>
  e.userId !== undefined && e.outcome === "ok" && (e.method === "GET" || e.method === "HEAD");

export default defineDetector({
  id: "data-harvest",
  title: "One user reads unusually much",
  description:
    "Adds up, by user and over a day, what was read of accounts, orders, payments and points: bytes, and different things by id. Slow copying by a stolen or a trusted account, which no limit by minute sees. It can't tell whose the things are (see object-enumeration), and does not judge API keys: partners read much every night. It is shown and nobody is blocked: a large customer's accounting may look the same.",
  owasp: ["API1:2023", "API3:2023"],
  severity: "medium",
  needs: { required: ["userId"], better: ["responseBytes"] },
  where: { endpointClass: ["account", "order", "payment", "loyalty"] },
  key: ["actor"],
  window: "1d",
  // This project's own: a page of one's account is some kilobytes, and few people have 500 orders.
  params: z.strictObject({
    objects: z.int().min(10).max(900).default(500).meta({ description: "Different things by id in a day." }),
    megabytes: z.number().positive().default(100).meta({ description: "Megabytes in a day." }),
  }),
  counters: {
    objects: distinct(objectOf, isRead),
    bytes: sum((e) => e.responseBytes, isRead),
    requests: count(isRead),
  },
  evidence: isRead,
  // Fewer answers than these are a download.
  floor: () => 10,
  fires: ({ objects, bytes }, p) => objects.value >= p.objects || bytes >= p.megabytes * megabyte,
  strength: ({ objects, bytes }, p) => Math.max(objects.value / p.objects, bytes / (p.megabytes * megabyte)),
  severityOf: ({ bytes }, p) => (bytes >= 5 * p.megabytes * megabyte ? "high" : "medium"),
  summary: ({ objects, bytes, requests }, key) =>
    `${actorInWords(key["actor"]!)} read ${Math.round(bytes / megabyte)} MB in ${requests} requests within a day` +
    (objects.known ? `, ${Math.min(objects.value, requests)} different things` : ""),
  target: () => undefined,
  examples: [
    {
      name: "an account reads seven hundred orders over the day",
      fires: true,
      events: reads({ times: 700, every: "2m", bytes: 4_000 }),
    },
    {
      name: "exports of all customers, twenty times",
      fires: true,
      events: [{ ...reads({ times: 1, every: "1m", bytes: 8_000_000 })[0]!, times: 20, every: "10m" }],
    },
    {
      name: "a business customer fetches two hundred invoices",
      fires: false,
      events: reads({ times: 200, every: "3s", bytes: 90_000 }),
    },
    {
      name: "an order's page that is reloaded all day",
      fires: false,
      events: [{ ...reads({ times: 1, every: "1m", bytes: 6_000 })[0]!, times: 4000, every: "20s" }],
    },
    {
      name: "a partner's nightly batch",
      fires: false,
      events: reads({ times: 900, every: "1s", bytes: 200_000 }).map((e) => ({
        ...e,
        userId: undefined,
        apiKey: "partner-7",
      })),
    },
  ],
  triage: [
    "Whose account is it: a customer's, a partner's, one of your staff?",
    "Are the things the user's own? Compare a few ids with the user's orders.",
    "Where from: the usual place and device, or new ones since today?",
  ],
});

function reads(of: { times: number; every: Duration; bytes: number }) {
  const step = Number.parseInt(of.every, 10);
  const unit = of.every.replace(/^\d+/, "") as "s" | "m";
  return Array.from({ length: of.times }, (_, i) => ({
    at: `${i * step}${unit}` as const,
    method: "GET",
    path: `/api/orders/${900_000 + i * 37}`,
    route: "/api/orders/{id}",
    endpointClass: "order" as const,
    userId: "mallory" as string | undefined,
    responseBytes: of.bytes,
  }));
}
