import { z } from "zod";
import { count, defineDetector, distinct, isOk, type Predicate } from "../src/detect/define-detector.ts";

const hasNonce: Predicate = (e) => e.attributes?.["nonce"] !== undefined;
const isAccepted: Predicate = (e) => isOk(e) && hasNonce(e);
/** The shop's own check says what it is. */
const isRefused: Predicate = (e) => !isOk(e) && /replay|reused|already.?used/i.test(e.attributes?.["reason"] ?? "");

export default defineDetector({
  id: "replayed-request",
  title: "A request is replayed",
  description:
    "Looks for one nonce or idempotency key that comes again, on payments, orders and webhooks, where the log has them as the attributes `nonce` and `idempotencyKey`. A nonce that was accepted twice was replayed. An idempotency key may come again, that is what it is for: but not from two users, and not with two amounts. What the shop itself refuses as a replay (the attribute `reason`) counts once it goes on. A retry by the same user, with the same key, is none. What comes again after ten minutes, or after some thousands of other requests, is not seen.",
  owasp: ["API2:2023", "API6:2023"],
  severity: "high",
  needs: { required: ["attributes", "outcome"], better: ["userId", "clientIp"] },
  where: { endpointClass: ["payment", "checkout", "order", "loyalty", "promo", "webhook"], attempt: true },
  key: ["nonce"],
  window: "10m",
  params: z.strictObject({
    accepted: z.int().min(2).default(2).meta({ description: "So often one nonce was accepted." }),
    refused: z.int().min(1).default(3).meta({ description: "So often it was refused as a replay." }),
    users: z.int().min(2).default(2).meta({ description: "Different users with one nonce or key." }),
    clients: z.int().min(2).default(3).meta({ description: "Different clients, where the log has no users." }),
    amounts: z.int().min(2).default(2).meta({ description: "Different amounts with one nonce or key." }),
  }),
  counters: {
    attempts: count(),
    accepted: count(isAccepted),
    refused: count(isRefused),
    users: distinct((e) => e.userId),
    clients: distinct((e) => e.clientKey),
    amounts: distinct((e) => e.attributes?.["amount"]),
  },
  floor: () => 2,
  fires: ({ accepted, refused, users, clients, amounts }, p) =>
    accepted >= p.accepted ||
    refused >= p.refused ||
    (users.known ? users.value >= p.users : clients.value >= p.clients) ||
    amounts.value >= p.amounts,
  severityOf: ({ refused, attempts }) => (refused >= attempts - 1 ? "medium" : "high"),
  summary: ({ attempts, accepted, refused, users, clients, amounts }, key) =>
    `One nonce or idempotency key (${key["nonce"]!.slice(0, 40)}) came ${attempts} times within 10 minutes` +
    [
      accepted > 1 && `was accepted ${accepted} times`,
      refused > 0 && `was refused as a replay ${refused} times`,
      users.known && users.value > 1 && `of ${users.value} users`,
      clients.known && clients.value > 1 && `from ${clients.value} clients`,
      amounts.known && amounts.value > 1 && `with ${amounts.value} different amounts`,
    ]
      .filter((part) => part !== false)
      .map((part) => `, ${part}`)
      .join(""),
  // Whoever came last: the first one may be the one who was copied.
  target: ({ samples }) => {
    const { userId, clientKey } = samples.at(-1) ?? {};
    if (userId !== undefined) return { scope: "user", value: userId };
    return clientKey === undefined ? undefined : { scope: "ip", value: clientKey };
  },
  examples: [
    {
      name: "a nonce is accepted twice",
      fires: true,
      events: [payment({ nonce: "n-17" }), payment({ second: 90, nonce: "n-17" })],
    },
    {
      name: "one idempotency key, two users",
      fires: true,
      events: [
        payment({ idempotencyKey: "k-17", userId: "anna" }),
        payment({ second: 30, idempotencyKey: "k-17", userId: "ben" }),
      ],
    },
    {
      name: "one idempotency key, two amounts",
      fires: true,
      events: [
        payment({ idempotencyKey: "k-17", amount: "99.00" }),
        payment({ second: 30, idempotencyKey: "k-17", amount: "1.00" }),
      ],
    },
    {
      name: "the log has no users, and one key comes from four clients",
      fires: true,
      events: [1, 2, 3, 4].map((i) => payment({ second: i, idempotencyKey: "k-17", clientIp: `203.0.113.${i}` })),
    },
    {
      name: "an outage: the app tries again until it gets through",
      fires: false,
      events: [
        payment({ idempotencyKey: "k-17", userId: "anna", amount: "99.00", status: 504 }),
        payment({ second: 30, idempotencyKey: "k-17", userId: "anna", amount: "99.00", status: 504 }),
        payment({ second: 60, idempotencyKey: "k-17", userId: "anna", amount: "99.00" }),
      ],
    },
    {
      name: "the answer was lost on the way: the same key again, and the same answer",
      fires: false,
      events: [
        payment({ idempotencyKey: "k-17", userId: "anna", amount: "99.00" }),
        payment({ second: 5, idempotencyKey: "k-17", userId: "anna", amount: "99.00" }),
      ],
    },
    {
      name: "the check holds, and somebody goes on",
      fires: true,
      events: Array.from({ length: 4 }, (_, i) =>
        payment({ second: i, nonce: "n-17", status: 409, reason: "replayed" }),
      ),
    },
    {
      name: "the same nonce again is refused: the check holds",
      fires: false,
      events: [payment({ nonce: "n-17" }), payment({ second: 90, nonce: "n-17", status: 409, reason: "replayed" })],
    },
    {
      name: "everybody has a key of his own",
      fires: false,
      events: Array.from({ length: 60 }, (_, i) => payment({ second: i, idempotencyKey: `k-${i}`, userId: `u-${i}` })),
    },
    {
      name: "the log has no users, and a phone changes from home to the street",
      fires: false,
      events: [
        payment({ idempotencyKey: "k-17", clientIp: "203.0.113.7" }),
        payment({ second: 30, idempotencyKey: "k-17", clientIp: "198.51.100.9" }),
      ],
    },
  ],
  triage: [
    "Was anything paid, ordered or redeemed twice?",
    "Is it the app's own mistake: one key for several requests?",
    "Whose was the first request, and how did somebody else get hold of it?",
  ],
});

function payment(of: {
  second?: number;
  nonce?: string;
  idempotencyKey?: string;
  amount?: string;
  reason?: string;
  userId?: string;
  status?: number;
  clientIp?: string;
}) {
  const { second = 0, nonce, idempotencyKey, amount, reason, userId, status = 200, clientIp = "203.0.113.7" } = of;
  const given = Object.entries({ nonce, idempotencyKey, amount, reason }).filter(([, value]) => value !== undefined);
  return {
    at: `${second}s` as const,
    endpointClass: "payment" as const,
    status,
    outcome: status === 200 ? ("ok" as const) : ("failed" as const),
    userId,
    clientIp,
    clientKey: clientIp,
    attributes: Object.fromEntries(given) as Record<string, string>,
  };
}
