import type { EndpointClass, Outcome } from "./access-event.ts";

/** What a shop event's name stands for. */
export interface ShopEventKind {
  /** The event's route: its name, or `login.other` for a name that is not in the list. */
  readonly route: string;
  readonly endpointClass: EndpointClass;
  readonly outcome: Outcome;
  /** True: it ends an attempt at what the class is for. False: it only tells more of one (`payment.refunded`). */
  readonly isAttempt: boolean;
}

/** Names of one subject by what they say of an attempt; `none`: no attempt ends with it. */
interface Subject {
  readonly endpointClass: EndpointClass;
  readonly ok?: readonly string[];
  readonly failed?: readonly string[];
  readonly denied?: readonly string[];
  readonly limited?: readonly string[];
  readonly none?: readonly string[];
}

/** The closed list: subject, then what happened. `docs/shop-events.md` explains it; a test holds the two together. */
export const shopSubjects: Readonly<Record<string, Subject>> = {
  login: {
    endpointClass: "login",
    ok: ["succeeded"],
    failed: ["failed"],
    denied: ["denied"],
    limited: ["limited"],
    none: ["challenged"],
  },
  signup: {
    endpointClass: "signup",
    ok: ["succeeded"],
    failed: ["failed"],
    denied: ["denied"],
    limited: ["limited"],
  },
  password_reset: {
    endpointClass: "password_reset",
    ok: ["requested", "completed"],
    failed: ["failed"],
    denied: ["denied"],
    limited: ["limited"],
  },
  payment: {
    endpointClass: "payment",
    ok: ["authorized"],
    failed: ["declined", "failed"],
    denied: ["denied"],
    limited: ["limited"],
    none: ["challenged", "captured", "refunded", "disputed"],
  },
  checkout: {
    endpointClass: "checkout",
    ok: ["completed"],
    failed: ["failed"],
    denied: ["denied"],
    limited: ["limited"],
    none: ["started", "abandoned"],
  },
  cart: {
    endpointClass: "cart",
    ok: ["item_added", "item_removed", "updated"],
    failed: ["rejected"],
    limited: ["limited"],
  },
  promo: {
    endpointClass: "promo",
    ok: ["applied"],
    failed: ["rejected"],
    denied: ["denied"],
    limited: ["limited"],
    none: ["removed"],
  },
  loyalty: {
    endpointClass: "loyalty",
    ok: ["redeemed", "transferred", "balance_checked"],
    failed: ["rejected"],
    denied: ["denied"],
    limited: ["limited"],
    none: ["earned"],
  },
  giftcard: {
    endpointClass: "loyalty",
    ok: ["redeemed", "balance_checked", "purchased"],
    failed: ["rejected"],
    denied: ["denied"],
    limited: ["limited"],
  },
  stock: {
    endpointClass: "reservation",
    ok: ["reserved"],
    failed: ["rejected"],
    denied: ["denied"],
    limited: ["limited"],
    none: ["released", "expired"],
  },
  order: {
    endpointClass: "order",
    ok: ["created"],
    failed: ["failed"],
    denied: ["denied"],
    limited: ["limited"],
    none: ["cancelled", "changed", "returned"],
  },
  account: {
    endpointClass: "account",
    ok: ["viewed", "changed"],
    failed: ["failed"],
    denied: ["denied"],
    limited: ["limited"],
  },
  admin: { endpointClass: "admin", ok: ["acted"], failed: ["failed"], denied: ["denied"] },
  webhook: { endpointClass: "webhook", ok: ["received"], failed: ["failed"], denied: ["rejected"] },
  third_party: { endpointClass: "third_party", ok: ["succeeded"], failed: ["failed"], limited: ["limited"] },
};

/**
 * The kind that a name stands for. A new name of a known subject is `unknown`, and no attempt: all
 * of a subject's share one route, so that routes stay few. `undefined`: no subject of the list.
 * A name may have more words before (`com.shop.login.failed`), as CloudEvents do.
 */
export function shopEventKind(name: string): ShopEventKind | undefined {
  const known = kindOf(name);
  if (known !== undefined) return known;
  if (name.length > maxName) return undefined;
  const last = name.lastIndexOf(".");
  const subject = name.slice(name.lastIndexOf(".", last - 1) + 1, last);
  if (last < 1 || !Object.hasOwn(shopSubjects, subject) || !isWord(name.slice(last + 1))) return undefined;
  return kindOf(`${subject}${name.slice(last)}`) ?? others.get(subject);
}

/** True for text that could be an event's name: two words or more, joined by dots. */
export function isShopEventName(value: unknown): value is string {
  return typeof value === "string" && value.length <= maxName && /^[A-Za-z][\w-]*(?:\.[\w-]+)+$/.test(value);
}

// helpers

const maxName = 128;

/** By the length of their names: to hash a name that was just cut out of a line takes longer than to compare it with a few. */
const kinds: ShopEventKind[][] = Array.from({ length: maxName + 1 }, () => []);
const others = new Map<string, ShopEventKind>();
for (const [subject, { endpointClass, none = [], ...byOutcome }] of Object.entries(shopSubjects)) {
  const add = (verb: string, outcome: Outcome, isAttempt: boolean) =>
    kinds[subject.length + 1 + verb.length]!.push({ route: `${subject}.${verb}`, endpointClass, outcome, isAttempt });
  for (const outcome of ["ok", "failed", "denied", "limited"] as const) {
    for (const verb of byOutcome[outcome] ?? []) add(verb, outcome, true);
  }
  for (const verb of none) add(verb, "unknown", false);
  others.set(subject, { route: `${subject}.other`, endpointClass, outcome: "unknown", isAttempt: false });
}

function kindOf(name: string): ShopEventKind | undefined {
  const alike = kinds[name.length];
  if (alike === undefined) return undefined;
  for (let i = 0; i < alike.length; i++) if (alike[i]!.route === name) return alike[i];
  return undefined;
}

function isWord(text: string): boolean {
  return /^[a-z][a-z0-9_]{0,63}$/i.test(text);
}
