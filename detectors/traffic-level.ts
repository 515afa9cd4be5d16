import { z } from "zod";
import { type Baseline, count, defineDetector, distinct, max, type Predicate } from "../src/detect/define-detector.ts";
import {
  expectedOf,
  isQuiet,
  levelClasses as classes,
  type LevelClass,
  mostUnusual,
  multiplied,
  stopped,
} from "../src/detect/traffic-levels.ts";

const isLogin: Predicate = (e) => e.endpointClass === "login";
const isCart: Predicate = (e) => e.endpointClass === "cart";
const isCheckout: Predicate = (e) => e.endpointClass === "checkout";
const isPayment: Predicate = (e) => e.endpointClass === "payment";
const isOrder: Predicate = (e) => e.endpointClass === "order";

/** One second in eight is enough to judge by: each judgement looks at fifteen figures, and no hurry. */
const isJudged: Predicate = (e) => Math.floor(e.time / 1000) % 8 === 0;

export default defineDetector({
  id: "traffic-level",
  title: "Traffic stops, or multiplies",
  description:
    "Compares ten minutes of sign-ins, carts, checkouts, payments and orders with the hour before, by gateway, and with what is usual at this hour of the week. One of them stops while the others go on: a form is broken, or a route has gone elsewhere. Or one becomes many times what it was. Or, once it is known what is usual, hardly anybody comes at all. Until then it knows no hours of the day: what rises and falls slowly is not seen, and a sale that begins on the hour is. A gateway that falls silent altogether is told by its source.",
  owasp: ["API4:2023"],
  severity: "low",
  needs: { required: ["status"], better: ["clientIp"] },
  where: { endpointClass: ["login", "cart", "checkout", "payment", "order"], origin: ["gateway"] },
  key: ["gateway"],
  window: "10m",
  // Of thirty expected requests none comes by chance less than once in 10^13, even at a fifth of the
  // rate only once in 400.
  params: z.strictObject({
    expected: z
      .int()
      .min(1)
      .default(30)
      .meta({ description: "So many of a kind in ten minutes, as in the hour before, can't all be missing." }),
    clients: z.int().min(1).default(20).meta({ description: "Different clients of that kind in the hour." }),
    others: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ description: "What goes on of the other kinds, as a share of what was expected." }),
    times: z.number().min(1).default(5).meta({ description: "So many times what was expected is a multiple." }),
    requests: z.int().min(1).default(300).meta({ description: "Requests of a kind in ten minutes, for a multiple." }),
    usualTimes: z
      .number()
      .min(1)
      .default(3)
      .meta({ description: "So many times what is usual at this hour of the week is a multiple, too." }),
    quiet: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .meta({ description: "With so small a share of all that is usual at this hour, hardly anybody comes." }),
  }),
  baselines: ["requests"],
  counters: {
    newest: max((e) => e.time),
    since: max((e) => -e.time),
    sinceHour: max((e) => -e.time, undefined, { window: "1h" }),
    login: count(isLogin),
    cart: count(isCart),
    checkout: count(isCheckout),
    payment: count(isPayment),
    order: count(isOrder),
    loginHour: count(isLogin, { window: "1h" }),
    cartHour: count(isCart, { window: "1h" }),
    checkoutHour: count(isCheckout, { window: "1h" }),
    paymentHour: count(isPayment, { window: "1h" }),
    orderHour: count(isOrder, { window: "1h" }),
    loginClients: distinct((e) => e.clientKey, isLogin, { window: "1h" }),
    cartClients: distinct((e) => e.clientKey, isCart, { window: "1h" }),
    checkoutClients: distinct((e) => e.clientKey, isCheckout, { window: "1h" }),
    paymentClients: distinct((e) => e.clientKey, isPayment, { window: "1h" }),
    orderClients: distinct((e) => e.clientKey, isOrder, { window: "1h" }),
  },
  evidence: isJudged,
  fires: (f, p, context) => {
    const at = { f, p, context };
    return stopped(at).length > 0 || multiplied(at).length > 0 || isQuiet(at);
  },
  severityOf: (f, p, context) => {
    const at = { f, p, context };
    return stopped(at).length > 0 || isQuiet(at) ? "high" : "low";
  },
  shows: (f) => classes.filter((name) => f[`${name}Hour`] > 0).flatMap((name) => [name, `${name}Hour`] as const),
  summary: (f, key, context) =>
    `Gateway ${key["gateway"]}, requests of the last 10 minutes, and of 10 minutes of the hour before: ` +
    classes
      .filter((name) => f[`${name}Hour`] > 0)
      .map((name) => `${name} ${f[name]} (${Math.round(expectedOf(f, name))})`)
      .join(", ") +
    mostUnusual(f, context),
  target: () => undefined,
  examples: [
    {
      name: "nobody reaches payment any more",
      fires: true,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, payment: 6 }),
        ...traffic({ from: 60, minutes: 15, cart: 20, payment: 0 }),
      ],
    },
    {
      name: "sign-ins become ten times as many",
      fires: true,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, login: 4 }),
        ...traffic({ from: 60, minutes: 12, cart: 20, login: 40 }),
      ],
    },
    {
      name: "the night comes: all becomes less",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, payment: 6 }),
        ...traffic({ from: 60, minutes: 60, cart: 4, payment: 1 }),
      ],
    },
    {
      name: "a shop that just opened",
      fires: false,
      events: traffic({ from: 0, minutes: 30, cart: 40, payment: 12 }),
    },
    {
      name: "the last one leaves",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, payment: 6 }),
        ...traffic({ from: 60, minutes: 15, cart: 4, payment: 0 }),
      ],
    },
    {
      name: "a small shop: ten minutes without a payment",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, payment: 1 }),
        ...traffic({ from: 60, minutes: 15, cart: 20, payment: 0 }),
      ],
    },
    {
      name: "a small shop: ten times the sign-ins",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, login: 1 }),
        ...traffic({ from: 60, minutes: 12, cart: 20, login: 10 }),
      ],
    },
    {
      name: "a partner's batch of orders ends",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, payment: 6 }),
        ...["203.0.113.91", "203.0.113.92", "203.0.113.93"].map((clientIp) => ({
          at: "0s" as const,
          times: 1200,
          every: "3s" as const,
          endpointClass: "order" as const,
          clientIp,
          clientKey: clientIp,
        })),
        ...traffic({ from: 60, minutes: 20, cart: 20, payment: 6 }),
      ],
    },
    {
      name: "far more sign-ins than are usual at this hour, as slowly as they came",
      fires: true,
      events: [
        ...traffic({ from: 0, minutes: 20, cart: 20, login: 20 }),
        ...traffic({ from: 20, minutes: 15, cart: 20, login: 35 }),
      ],
      baselines: usual({ cart: 20, login: 10 }),
    },
    {
      name: "payments that have all but stopped, and had ten minutes ago as well",
      fires: true,
      events: traffic({ from: 0, minutes: 15, cart: 20, payment: 0 }),
      baselines: usual({ cart: 20, payment: 12 }),
    },
    {
      name: "hardly anybody comes",
      fires: true,
      events: traffic({ from: 0, minutes: 15, cart: 2, payment: 0, login: 1 }),
      baselines: usual({ cart: 30, payment: 8, login: 10 }),
    },
    {
      name: "a sale that begins every week at this hour",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, login: 4 }),
        ...traffic({ from: 60, minutes: 12, cart: 20, login: 40 }),
      ],
      baselines: usual({ cart: 20, login: 35 }),
    },
    {
      name: "payments stop every day at this hour",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, payment: 6 }),
        ...traffic({ from: 60, minutes: 15, cart: 20, payment: 0 }),
      ],
      baselines: usual({ cart: 20, payment: 0.5 }),
    },
    {
      name: "nobody listened for ten minutes",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 10, cart: 30, payment: 8, login: 10 }),
        ...traffic({ from: 25, minutes: 1, cart: 30, payment: 8, login: 10 }),
      ],
      baselines: usual({ cart: 30, payment: 8, login: 10 }),
    },
    {
      name: "hardly anybody comes, but only two days are known",
      fires: false,
      events: traffic({ from: 0, minutes: 15, cart: 2, payment: 0, login: 1 }),
      baselines: usual({ cart: 30, payment: 8, login: 10 }, "low"),
    },
    {
      name: "a holiday: a third of what is usual",
      fires: false,
      events: traffic({ from: 0, minutes: 15, cart: 10, payment: 2, login: 3 }),
      baselines: usual({ cart: 30, payment: 6, login: 10 }),
    },
    {
      name: "twice what is usual",
      fires: false,
      events: traffic({ from: 0, minutes: 35, cart: 60, login: 40 }),
      baselines: usual({ cart: 30, login: 20 }),
    },
    {
      name: "twice the traffic",
      fires: false,
      events: [
        ...traffic({ from: 0, minutes: 60, cart: 20, payment: 6 }),
        ...traffic({ from: 60, minutes: 30, cart: 40, payment: 12 }),
      ],
    },
  ],
  triage: [
    "What was released, or moved to another path, at that minute?",
    "Did a campaign begin or end?",
    "Can you buy something yourself, now, with the app and in the browser?",
  ],
});

/** So many requests of each kind a minute, by 50 customers. */
function traffic(of: { from: number; minutes: number; cart: number; payment?: number; login?: number }) {
  const perMinute = { cart: of.cart, payment: of.payment ?? 0, login: of.login ?? 0 };
  return (["cart", "payment", "login"] as const).flatMap((endpointClass) =>
    Array.from({ length: of.minutes * perMinute[endpointClass] }, (_, i) => ({
      at: `${of.from * 60_000 + Math.floor((i * 60_000) / perMinute[endpointClass])}ms` as const,
      endpointClass,
      clientIp: `203.0.113.${i % 50}`,
      clientKey: `203.0.113.${i % 50}`,
    })),
  );
}

/** So many of each kind a minute are usual at the examples' gateway. */
function usual(of: Partial<Record<LevelClass, number>>, confidence: Baseline["confidence"] = "high") {
  return classes
    .filter((name) => of[name] !== undefined)
    .map((name) => {
      const median = of[name]!;
      return { of: "requests" as const, gateway: "example", endpointClass: name, median, confidence };
    });
}
