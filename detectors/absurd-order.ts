import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { count, defineDetector, max, type Predicate } from "../src/detect/define-detector.ts";
import { actorInWords } from "../src/detect/actor-target.ts";

/** From here on an event is looked at for its quantity. */
const large = 1000;

/** What is taken back, or changed by a difference, has negative numbers by right. */
const backwards =
  /^(?:cart\.(?:item_removed|updated)|order\.(?:returned|cancelled|changed)|stock\.(?:released|expired)|payment\.)/;

const isOrdering: Predicate = (e) => !(e.origin === "shop" && backwards.test(e.route));

/** A number as an application writes it; `NaN` where it says that there is none; `undefined` where it says nothing. */
function numberOf(e: AccessEvent, name: "quantity" | "price" | "amount"): number | undefined {
  const text = e.attributes?.[name];
  if (text === undefined) return undefined;
  if (/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)) return Number.isFinite(Number(text)) ? Number(text) : Number.NaN;
  return /^[+-]?(?:nan|inf(?:inity)?)$/i.test(text) ? Number.NaN : undefined;
}

const isBelowZero = (number: number | undefined) => number !== undefined && !(number >= 0);
const hasAbsurdQuantity: Predicate = (e) => isOrdering(e) && isBelowZero(numberOf(e, "quantity"));
const hasAbsurdPrice: Predicate = (e) =>
  isOrdering(e) && (isBelowZero(numberOf(e, "price")) || isBelowZero(numberOf(e, "amount")));
const isAbsurd: Predicate = (e) => hasAbsurdQuantity(e) || hasAbsurdPrice(e);

export default defineDetector({
  id: "absurd-order",
  title: "Negative or absurd quantities and prices",
  description:
    "Looks at the quantities, prices and amounts that the application tells of carts, orders and checkouts: those below zero or no number at all, and quantities nobody buys. One that was *accepted* is a hole in the shop, whoever found it; those that were refused take a few, since people mistype. Differences (`cart.updated`) and what is taken back are left out. It names nobody: the first who finds it may be a customer.",
  owasp: ["API6:2023"],
  severity: "high",
  needs: { required: ["attributes"], better: ["userId"] },
  where: { endpointClass: ["cart", "order", "checkout"], attempt: true },
  key: ["actor"],
  window: "10m",
  // This project's own.
  params: z.strictObject({
    refused: z.int().min(1).default(5).meta({ description: "Absurd numbers that were refused, in ten minutes." }),
    quantity: z
      .int()
      .min(large)
      .default(100_000)
      .meta({ description: "From this quantity on an accepted one is absurd." }),
    negativePrices: z
      .boolean()
      .default(true)
      .meta({ description: "Whether a price below zero counts; some shops book vouchers as such." }),
  }),
  counters: {
    quantities: count((e) => hasAbsurdQuantity(e) && e.outcome === "ok"),
    prices: count((e) => hasAbsurdPrice(e) && e.outcome === "ok"),
    refused: count((e) => isAbsurd(e) && e.outcome !== "ok"),
    largest: max(
      (e) => numberOf(e, "quantity"),
      (e) => isOrdering(e) && e.outcome === "ok",
    ),
  },
  evidence: (e) => isAbsurd(e) || (numberOf(e, "quantity") ?? 0) >= large,
  fires: ({ quantities, prices, refused, largest }, p) =>
    quantities > 0 || (p.negativePrices && prices > 0) || refused >= p.refused || largest >= p.quantity,
  strength: ({ quantities, prices, refused }, p) => (quantities + prices > 0 ? 3 : refused / p.refused),
  severityOf: ({ quantities, prices }) => (quantities + prices > 0 ? "high" : "medium"),
  summary: ({ quantities, prices, refused, largest }, key) =>
    `${actorInWords(key["actor"]!)}, within 10 minutes: ` +
    [
      quantities > 0 && `quantities below zero were accepted ${timesInWords(quantities)}`,
      prices > 0 && `prices below zero were accepted ${timesInWords(prices)}`,
      refused > 0 && `absurd numbers were refused ${timesInWords(refused)}`,
      largest >= large && `the largest quantity was ${largest}`,
    ]
      .filter((part) => part !== false)
      .join(", "),
  target: () => undefined,
  examples: [
    {
      name: "minus three pieces were put into a cart",
      fires: true,
      events: [said("cart.item_added", { quantity: "-3" })],
    },
    { name: "an order has a total below zero", fires: true, events: [said("order.created", { amount: "-129.90" })] },
    {
      name: "somebody keeps trying, and is refused",
      fires: true,
      events: [{ ...said("cart.rejected", { quantity: "-1" }), times: 6, every: "10s", outcome: "failed" }],
    },
    { name: "two thousand million pieces", fires: true, events: [said("cart.item_added", { quantity: "2147483647" })] },
    {
      name: "a business customer buys 200 articles, some by the thousand",
      fires: false,
      events: Array.from({ length: 200 }, (_, i) => ({
        ...said("cart.item_added", { quantity: String(1 + i * 25), price: "0.12" }),
        at: `${i}s` as const,
      })),
    },
    {
      name: "two shirts are sent back",
      fires: false,
      events: [said("order.returned", { quantity: "-2", amount: "-59.80" })],
    },
    { name: "one less in the cart", fires: false, events: [said("cart.updated", { quantity: "-1" })] },
    {
      name: "a customer mistypes once",
      fires: false,
      events: [{ ...said("cart.rejected", { quantity: "-1" }), outcome: "failed" }],
    },
    {
      name: "cloth by the metre, and a gift",
      fires: false,
      events: [said("cart.item_added", { quantity: "1.5", price: "0" })],
    },
    {
      name: "a number with a comma is no number here",
      fires: false,
      events: [said("cart.item_added", { quantity: "-1,5" })],
    },
  ],
  triage: [
    "Was an order placed with it, and paid or shipped? Stop it.",
    "Which service took the number? The check belongs there, not only in the page.",
    "Who else did it? One may be a mistake, several are a recipe.",
  ],
});

function timesInWords(times: number): string {
  return times === 1 ? "once" : `${times} times`;
}

function said(route: string, attributes: Readonly<Record<string, string>>) {
  const endpointClass = route.startsWith("order") ? ("order" as const) : ("cart" as const);
  return {
    at: "0s" as const,
    origin: "shop" as const,
    method: "EVENT",
    path: route,
    route,
    status: 0,
    endpointClass,
    outcome: "ok" as "ok" | "failed",
    userId: "anna",
    attributes,
  };
}
