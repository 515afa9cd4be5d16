import type { AttackKind, FloorFacts, Scene } from "../attack.ts";
import {
  asksFor,
  crowdAttack,
  entitiesOf,
  loneAttack,
  send,
  signedInAttacker,
  type AttackRequest,
} from "../attack-request.ts";
import { benignShares } from "../benign-shares.ts";
import type { LabelledEntity } from "../label.ts";
import { farAway } from "../places.ts";
import { promoCodes } from "../shop.ts";
import { laptopBrowsers } from "../user-agents.ts";
import type { Visitor } from "../visitor.ts";

const minute = 60_000;

/** Where the log tells neither codes nor cards apart, twice as many are asked for. */
const unnamed = ({ isEnriched }: FloorFacts) => (isEnriched ? 1 : 2);

const declined = (cardFingerprint: string): AttackRequest => ({
  ...{ target: "/api/payments", status: 402, outcome: "failed", event: "payment.declined" },
  attributes: { amount: 1, cardFingerprint, declineClass: "do_not_honor", provider: "psp-one" },
});

const refusedCode = (promoCode: string): AttackRequest => ({
  ...{ target: "/api/cart/promo", status: 422, outcome: "failed", event: "promo.rejected" },
  attributes: { promoCode, reason: "unknown_code" },
});

const takenCode = (promoCode: string): AttackRequest => ({
  ...{ target: "/api/cart/promo", status: 200, outcome: "ok", event: "promo.applied", attributes: { promoCode } },
});

const payments: LabelledEntity = { scope: "endpointClass", value: "payment" };

/** One in eleven is declined anyway. */
const usuallyDeclined = 0.09;

/** So many declines for each of a customer's payments that three in ten of all are declined. */
function declinesForEach({ limit }: FloorFacts): number {
  const ratio = limit("ratio", 0.3);
  return (ratio - usuallyDeclined) / (1 - ratio);
}

/** Each card is another. */
const card = ({ tag }: Scene, i: number) => `k${tag}x${i.toString(36)}`;

const guest = (visitor: Visitor, name: string): Visitor =>
  Object.assign(visitor, { userId: `g-${name}`, sessionId: `s-${name}`, role: "customer" });

/** Attacks on what is worth money. */
export const moneyAttacks: readonly AttackKind[] = [
  {
    id: "card-testing",
    title: "One machine tries stolen cards",
    detectors: ["card-testing"],
    counts: "declined payments of one client",
    windowMs: 10 * minute,
    floor: (facts) => facts.limit("declines", 8) * unnamed(facts),
    begin: (scene) => loneAttack(scene, scene.shop.strangers.next(scene), (i) => declined(card(scene, i))),
  },
  {
    id: "card-testing-by-device",
    title: "One device tries stolen cards through many addresses",
    detectors: ["card-testing-device"],
    counts: "different cards declined on one device",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("cards", 5),
    begin: (scene) => {
      const count = Math.max(4, Math.ceil(scene.total / 3));
      const deviceId = `d-${scene.tag}`;
      const clients = scene.shop.strangers.botnet(count, { userAgent: scene.userAgent });
      const device = clients.map((client) => ({ ...client, deviceId }));
      return crowdAttack(scene, device, (i) => declined(card(scene, i)));
    },
  },
  {
    id: "card-testing-by-network",
    title: "Machines of one provider try a few stolen cards each",
    detectors: ["card-testing-network"],
    counts: "declined payments from one network",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("declines", 30),
    begin: (scene) => {
      const place = { ...scene.random.pick(farAway), asn: 131_400 + scene.random.below(90) };
      const clients = scene.shop.strangers.botnet(Math.max(14, Math.ceil(scene.total / 3)), { place });
      const attack = crowdAttack(scene, clients, (i) => declined(card(scene, i)));
      return { ...attack, victims: [...attack.victims, payments] };
    },
  },
  {
    id: "card-testing-everywhere",
    title: "A botnet tries one stolen card with each machine",
    detectors: ["card-testing-site"],
    counts: "declined payments beyond the usual",
    windowMs: 10 * minute,
    isSiteWide: true,
    // The usual declines count towards it, too.
    floor: (facts) => {
      const usual = benignShares.payments * facts.rate * 600;
      return Math.max(facts.limit("declines", 40) - usuallyDeclined * usual, declinesForEach(facts) * usual);
    },
    begin: (scene) => {
      const clients = scene.shop.strangers.botnet(Math.max(15, Math.ceil(scene.total / 2)));
      const attack = crowdAttack(scene, clients, (i) => declined(card(scene, i)));
      return {
        ...{ ...attack, victims: [...attack.victims, payments] },
        beside: {
          times: declinesForEach(scene),
          concerns: (x) => asksFor(x, "POST", "/api/payments"),
          joins: (x) => x.status === 402,
        },
      };
    },
  },
  {
    id: "promo-guessing",
    title: "One visitor guesses promo codes",
    detectors: ["promo-guessing"],
    counts: "different codes refused to one visitor",
    windowMs: 10 * minute,
    floor: (facts) => facts.limit("codes", 25) * unnamed(facts),
    begin: (scene) => loneAttack(scene, signedInAttacker(scene), (i) => refusedCode(`SAVE${1_000 + i * 37}`)),
  },
  {
    id: "promo-farming",
    title: "One machine opens accounts and takes the welcome offer with each",
    detectors: ["promo-farming"],
    counts: "accounts of one client that took a code in a day",
    windowMs: 24 * 60 * minute,
    floor: ({ limit }) => limit("accounts", 6),
    lastsMs: 60 * minute,
    isOnce: true,
    begin: (scene) => farm(scene, { sameDevice: false }),
  },
  {
    id: "promo-farming-on-device",
    title: "One device opens accounts and takes the welcome offer with each",
    detectors: ["promo-farming-device"],
    counts: "accounts of one device that took a code in a day",
    windowMs: 24 * 60 * minute,
    floor: ({ limit }) => limit("accounts", 4),
    lastsMs: 60 * minute,
    isOnce: true,
    begin: (scene) => farm(scene, { sameDevice: true }),
  },
  {
    id: "promo-stacking",
    title: "One visitor takes several codes for one cart",
    detectors: ["promo-stacking"],
    counts: "different codes taken for one visitor",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("codes", 4),
    begin: (scene) => loneAttack(scene, signedInAttacker(scene), (i) => takenCode(`STACK${i + 10}`)),
  },
  {
    id: "gift-card-probing",
    title: "One machine guesses gift cards",
    detectors: ["gift-card-probing"],
    counts: "different gift cards that one visitor tried",
    windowMs: 10 * minute,
    floor: (facts) => facts.limit("cards", 12) * unnamed(facts),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        ...{ target: "/api/giftcards/balance", status: 404, outcome: "failed", event: "giftcard.rejected" },
        attributes: { giftCardFingerprint: `g${scene.tag}x${i.toString(36)}`, reason: "unknown_card" },
      })),
  },
  {
    id: "loyalty-probing",
    title: "One machine looks for accounts with points",
    detectors: ["loyalty-probing"],
    counts: "accounts whose points one client asked for",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("accounts", 12),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        ...{ method: "GET", target: "/api/loyalty/balance", status: 403, userId: `p-${scene.tag}-${i}` },
        ...{ outcome: "failed", event: "loyalty.rejected", attributes: { reason: "not_owner" } },
      })),
  },
  {
    id: "absurd-order",
    title: "Negative quantities are tried",
    detectors: ["absurd-order"],
    counts: "absurd numbers refused to one visitor",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("refused", 5),
    begin: (scene) =>
      loneAttack(scene, signedInAttacker(scene), (i) => ({
        ...{ target: "/api/cart/items", status: 422, outcome: "failed", event: "cart.rejected" },
        attributes: { sku: "A-1042", quantity: -1 - (i % 9), price: 19.9, reason: "bad_quantity" },
      })),
  },
  {
    id: "negative-order",
    title: "A negative quantity is accepted",
    detectors: ["absurd-order"],
    counts: "quantities below zero that were accepted",
    windowMs: 10 * minute,
    floor: () => 1,
    begin: (scene) =>
      loneAttack(scene, signedInAttacker(scene), (i) => ({
        ...{ target: "/api/cart/items", status: 201, outcome: "ok", event: "cart.item_added" },
        attributes: { sku: `A-${1_042 + i}`, quantity: -1, price: 249.9 },
      })),
  },
  {
    id: "reservation-flood",
    title: "One visitor reserves an article again and again",
    detectors: ["reservation-flood"],
    counts: "reservations of one visitor",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("holds", 20),
    begin: (scene) => {
      const attacker = signedInAttacker(scene);
      const articles = Math.max(1, Math.floor(scene.perWindow / 8));
      return loneAttack(scene, attacker, (i) => reserved(`A-${2_000 + (i % articles)}`));
    },
  },
  {
    id: "reservation-flood-of-article",
    title: "A few hoarders reserve all of one article",
    detectors: ["reservation-flood-article"],
    counts: "reservations of one article",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("holds", 60),
    begin: (scene) => {
      const sku = `A-${3_000 + scene.random.below(900)}`;
      // Each stays below what one visitor alone is found by.
      const count = Math.max(6, Math.ceil(scene.perWindow / 12));
      const clients = Array.from({ length: count }, (_, i) =>
        guest(scene.shop.strangers.next({ userAgent: scene.random.pick(laptopBrowsers) }), `${scene.tag}-${i}`),
      );
      const attack = crowdAttack(scene, clients, () => reserved(sku));
      return { ...attack, victims: [...attack.victims, { scope: "sku", value: sku }] };
    },
  },
];

// helpers

function reserved(sku: string): AttackRequest {
  return {
    ...{ target: "/api/reservations", status: 201, outcome: "ok", event: "stock.reserved" },
    attributes: { sku, quantity: 1 },
  };
}

/** With each step a new account, and a code taken for it. */
function farm(scene: Scene, { sameDevice }: { sameDevice: boolean }) {
  const first = scene.shop.strangers.next({ userAgent: scene.random.pick(laptopBrowsers) });
  const deviceId = sameDevice ? `d-${scene.tag}` : undefined;
  const others = sameDevice ? scene.shop.strangers.botnet(4, { userAgent: first.userAgent }) : [];
  const clients = [first, ...others].map((client) => ({ ...client, deviceId }));
  const accounts = Array.from({ length: scene.total }, (_, i) => `f-${scene.tag}-${i}`);
  const users = accounts.map((value) => ({ scope: "user" as const, value }));
  return {
    entities: [...entitiesOf(clients), ...users],
    step: (i: number, _now: number, outlet: Parameters<typeof send>[0]) => {
      const visitor = clients[i % clients.length] as Visitor;
      const userId = accounts[i] as string;
      visitor.userId = undefined;
      send(outlet, scene, visitor, {
        ...{ target: "/api/signup", status: 201, userId, outcome: "ok", event: "signup.succeeded" },
      });
      send(outlet, scene, guest(visitor, `${scene.tag}-${i}`), { ...takenCode(promoCodes[0]!), userId });
    },
  };
}
