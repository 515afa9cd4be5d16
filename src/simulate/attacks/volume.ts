import type { AttackKind, FloorFacts } from "../attack.ts";
import { asksFor, crowdAttack, loneAttack, signedInAttacker } from "../attack-request.ts";
import { benignShares } from "../benign-shares.ts";
import type { Exchange } from "../exchange.ts";
import { laptopBrowsers } from "../user-agents.ts";

const minute = 60_000;

/** With a fifth of all sign-ups: a quarter of those of everybody else. */
function asManyFor({ limit }: FloorFacts): number {
  const share = limit("share", 0.2);
  return share / (1 - share);
}

const isCheckout = (x: Exchange) => asksFor(x, "POST", "/api/checkout");

/** Who asks for too much. */
export const volumeAttacks: readonly AttackKind[] = [
  {
    id: "rate-limit-burst",
    title: "A client runs on through the limit",
    detectors: ["rate-limit-burst"],
    counts: "requests of one client refused by the limiter",
    windowMs: minute,
    lastsMs: 3 * minute,
    floor: ({ limit }) => limit("limited", 30),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        ...{ method: "GET", target: `/api/search?q=term${i}`, status: 429, byGateway: true },
      })),
  },
  {
    id: "endpoint-limit-burst",
    title: "An endpoint's limit refuses many",
    detectors: ["endpoint-limit-burst"],
    counts: "requests to one endpoint refused by the limiter",
    windowMs: 5 * minute,
    floor: ({ limit }) => limit("limited", 50),
    begin: (scene) => {
      const clients = Array.from({ length: 40 }, () =>
        scene.shop.strangers.next({ userAgent: scene.random.pick(laptopBrowsers) }),
      );
      const attack = crowdAttack(scene, clients, () => ({
        target: "/api/loyalty/redeem",
        status: 429,
        byGateway: true,
      }));
      // A limit that is too low, or a crowd: nobody is to be blocked.
      return { ...attack, entities: [], victims: [{ scope: "route", value: "/api/loyalty/redeem" }] };
    },
  },
  {
    id: "volumetric-abuse",
    title: "One visitor searches without end",
    detectors: ["volumetric-abuse"],
    counts: "searches of one client",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("searches", 300),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        ...{ method: "GET", target: `/api/search?q=term${i % 97}`, status: 200 },
      })),
  },
  {
    id: "scraping",
    title: "A machine copies the catalogue",
    detectors: ["scraping"],
    counts: "different pages seen by one client",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("pages", 300),
    begin: (scene) => {
      const { products } = scene.shop.catalog;
      const first = scene.random.below(products.length);
      return loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        ...{ method: "GET", target: products[(first + i) % products.length]!.path, status: 200 },
      }));
    },
  },
  {
    id: "slow-scraping",
    title: "A machine copies the catalogue over hours",
    detectors: ["slow-scraping"],
    counts: "different pages seen by one client in a day",
    windowMs: 24 * 60 * minute,
    floor: ({ limit }) => limit("pages", 600),
    lastsMs: 6 * 60 * minute,
    isOnce: true,
    begin: (scene) => {
      const { products } = scene.shop.catalog;
      return loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        ...{ method: "GET", target: products[(i * 7) % products.length]!.path, status: 200 },
      }));
    },
  },
  {
    id: "country-surge",
    title: "A botnet abroad makes accounts",
    detectors: ["country-surge"],
    counts: "sign-ups from one country",
    windowMs: 10 * minute,
    isSiteWide: true,
    floor: (facts) => Math.max(facts.limit("requests", 50), asManyFor(facts) * benignShares.signUps * facts.rate * 600),
    begin: (scene) => {
      const place = { country: "KZ", asn: 131_300, latitude: 43.24, longitude: 76.95 };
      const clients = scene.shop.strangers.botnet(Math.max(8, Math.ceil(scene.total / 4)), { place });
      const attack = crowdAttack(scene, clients, (i) => ({
        ...{ target: "/api/signup", status: 201, userId: `surge-${scene.tag}-${i}`, outcome: "ok" },
        ...{ event: "signup.succeeded" },
      }));
      return {
        ...{ ...attack, victims: [...attack.victims, { scope: "endpointClass", value: "signup" }] },
        beside: { times: asManyFor(scene), concerns: (x) => asksFor(x, "POST", "/api/signup") },
      };
    },
  },
  {
    id: "token-rejection",
    title: "One client sends forged tokens",
    detectors: ["token-rejection"],
    counts: "tokens of one client that were never valid",
    windowMs: 10 * minute,
    floor: ({ limit, isEnriched }) => (isEnriched ? limit("forged", 10) : limit("unsaid", 120)),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), () => ({
        ...{ method: "GET", target: "/api/account", status: 401, attributes: { reason: "invalid_token_signature" } },
      })),
  },
  {
    id: "certificate-rejection",
    title: "Client certificates are not taken any more",
    detectors: ["certificate-rejection"],
    counts: "rejected certificates",
    windowMs: 10 * minute,
    isSiteWide: true,
    floor: ({ limit }) => limit("rejected", 10),
    begin: (scene) => {
      const clients = Array.from({ length: 3 }, () => scene.shop.strangers.next({ userAgent: "edi-client/3.2" }));
      const attack = crowdAttack(scene, clients, () => ({
        ...{ method: "PUT", target: "/partner/v1/stock/A-1000", status: 495, byGateway: true },
        ...{ outcome: "denied", attributes: { reason: "certificate_expired" } },
      }));
      // Partners whose certificates ran out: nobody is to be blocked.
      return { ...attack, entities: [], victims: [{ scope: "site", value: "" }] };
    },
  },
  {
    id: "signature-failure",
    title: "Payments are announced with forged signatures",
    detectors: ["signature-failure"],
    counts: "signatures that don't fit",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("failures", 10),
    begin: (scene) => ({
      ...loneAttack(scene, scene.shop.strangers.next(scene), () => ({
        ...{ target: "/webhooks/psp", status: 401, outcome: "denied", attributes: { reason: "bad_signature" } },
        ...{ event: "webhook.rejected" },
      })),
      victims: [{ scope: "endpointClass", value: "webhook" }],
    }),
  },
  {
    id: "replayed-requests",
    title: "One signed request is sent again and again",
    detectors: ["replayed-request"],
    counts: "requests refused with a nonce that was used before",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("refused", 3),
    begin: (scene) =>
      loneAttack(scene, signedInAttacker(scene), () => ({
        ...{ target: "/api/checkout", status: 409, outcome: "denied" },
        ...{ attributes: { nonce: `n-${scene.tag}`, reason: "replayed" } },
      })),
  },
  {
    id: "traffic-surge",
    title: "A botnet checks out far more often than all customers",
    detectors: ["traffic-level"],
    counts: "checkouts beyond the usual",
    windowMs: 10 * minute,
    isSiteWide: true,
    // The customers' count towards it, too.
    floor: ({ limit, rate }) => {
      const usual = benignShares.checkouts * rate * 600;
      return Math.max(limit("requests", 300) - usual, (limit("times", 5) - 1) * usual);
    },
    begin: (scene) => {
      const clients = scene.shop.strangers.botnet(Math.max(25, Math.ceil(scene.total / 20)));
      const users = clients.map((client, i) =>
        Object.assign(client, { userId: `b-${scene.tag}-${i}`, role: "customer" }),
      );
      const attack = crowdAttack(scene, users, () => ({
        ...{ target: "/api/checkout", status: 422, outcome: "failed", event: "checkout.failed" },
      }));
      return {
        ...{ ...attack, victims: [...attack.victims, { scope: "endpointClass", value: "checkout" }] },
        beside: { times: scene.limit("times", 5) - 1, concerns: isCheckout, joins: isCheckout },
      };
    },
  },
];
