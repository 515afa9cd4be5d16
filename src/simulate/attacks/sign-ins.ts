import type { Attack, AttackKind, FloorFacts, Scene } from "../attack.ts";
import { crowdAttack, loneAttack, type AttackRequest } from "../attack-request.ts";
import { benignShares } from "../benign-shares.ts";
import type { Exchange } from "../exchange.ts";
import type { LabelledEntity } from "../label.ts";
import { dataCentres, farAway, type Place } from "../places.ts";
import { laptopBrowsers } from "../user-agents.ts";
import type { Visitor } from "../visitor.ts";

const minute = 60_000;

/** Where the log names no accounts, three times as many failures are asked for. */
const unnamed = ({ isEnriched }: FloorFacts) => (isEnriched ? 1 : 3);

const failed = (userId: string): AttackRequest => ({
  ...{ target: "/api/login", status: 401, userId, outcome: "failed" },
  ...{ attributes: { reason: "bad_password" }, event: "login.failed" },
});

const succeeded = (userId: string): AttackRequest => ({
  ...{ target: "/api/login", status: 200, userId, outcome: "ok", event: "login.succeeded" },
});

const user = (value: string): LabelledEntity => ({ scope: "user", value });

/** The account of a customer, any. */
function victimOf({ shop, random }: Scene): string {
  return shop.people.account(random.below(shop.people.count));
}

const isFailedSignIn = (x: Exchange) => x.status === 401 && x.target === "/api/login";

/** So many failed sign-ins for each of a mistyping customer that the whole site's odds are three times as high. */
const shiftOfSite = ({ limit }: FloorFacts) => limit("odds", 3) - 1;

/** So many in a quarter of an hour that a part of the clients stands out. */
const partFloor = ({ limit }: FloorFacts) => limit("failures", 30);

/** A botnet whose clients have three tries each, spread over many accounts. */
function spread(scene: Scene, given: { place?: (i: number) => Place; userAgent?: string }): Attack {
  const count = Math.max(12, Math.ceil(scene.total / 3));
  const clients: Visitor[] = Array.from({ length: count }, (_, i) =>
    scene.shop.strangers.next({
      place: given.place?.(i) ?? scene.random.pick(farAway),
      userAgent: given.userAgent ?? scene.random.pick(laptopBrowsers),
      v6: false,
    }),
  );
  const attack = crowdAttack(scene, clients, (i) => failed(`leaked-${scene.tag}-${i}`));
  return { ...attack, victims: [...attack.victims, { scope: "endpointClass", value: "login" }] };
}

/** Attacks on passwords. */
export const signInAttacks: readonly AttackKind[] = [
  {
    id: "credential-stuffing",
    title: "One machine tries a bought list of accounts",
    detectors: ["credential-stuffing"],
    counts: "failed sign-ins of one client",
    windowMs: 10 * minute,
    floor: (facts) => facts.limit("failures", 8) * unnamed(facts),
    begin: (scene) => loneAttack(scene, scene.shop.strangers.next(scene), (i) => failed(`leaked-${scene.tag}-${i}`)),
  },
  {
    id: "stuffing-success",
    title: "One machine tries a list until a customer's password fits",
    detectors: ["stuffing-success", "credential-stuffing"],
    counts: "failed sign-ins of one client",
    windowMs: 10 * minute,
    floor: (facts) => facts.limit("failures", 8) * unnamed(facts),
    begin: (scene) => {
      const victim = victimOf(scene);
      // One in twenty fits, the first soon after the floor; failures stay four in five and more.
      const fits = (i: number) => i >= scene.floor && (i - scene.floor) % 20 === 1;
      const attack = loneAttack(scene, scene.shop.strangers.next(scene), (i) =>
        fits(i) ? succeeded(victim) : failed(`leaked-${scene.tag}-${i}`),
      );
      return { ...attack, victims: [user(victim)], isCounted: (i) => !fits(i) };
    },
  },
  {
    id: "distributed-stuffing",
    title: "A botnet tries accounts, a few with each machine",
    detectors: ["distributed-stuffing"],
    counts: "failed sign-ins of the site beyond the usual",
    windowMs: 15 * minute,
    floor: (facts) =>
      Math.max(facts.limit("failures", 25), shiftOfSite(facts) * benignShares.failedSignIns * facts.rate * 900),
    isSiteWide: true,
    begin: (scene) => ({
      ...spread(scene, {}),
      beside: { times: shiftOfSite(scene), concerns: isFailedSignIn, joins: isFailedSignIn },
    }),
  },
  {
    id: "stuffing-from-country",
    title: "A botnet in one country tries accounts",
    detectors: ["stuffing-by-country"],
    counts: "failed sign-ins from one country",
    windowMs: 15 * minute,
    floor: partFloor,
    begin: (scene) => {
      const country = farAway[scene.random.below(farAway.length)]!;
      return spread(scene, { place: (i) => ({ ...country, asn: 131_072 + (i % 40) }) });
    },
  },
  {
    id: "stuffing-from-network",
    title: "Machines of one hosting provider try accounts",
    detectors: ["stuffing-by-network"],
    counts: "failed sign-ins from one network",
    windowMs: 15 * minute,
    floor: partFloor,
    begin: (scene) => {
      const place = { ...scene.random.pick(dataCentres), asn: 131_200 + scene.random.below(60) };
      return spread(scene, { place: () => place });
    },
  },
  {
    id: "stuffing-with-one-tool",
    title: "A botnet all over the world tries accounts with one program",
    detectors: ["stuffing-by-user-agent"],
    counts: "failed sign-ins with one user agent",
    windowMs: 15 * minute,
    floor: partFloor,
    begin: (scene) => spread(scene, { userAgent: `OpenBullet/2.${scene.random.below(90)}` }),
  },
  {
    id: "account-under-attack",
    title: "Many machines guess the password of one customer",
    detectors: ["account-under-attack"],
    counts: "failed sign-ins on one account",
    windowMs: 30 * minute,
    floor: ({ limit }) => limit("failures", 10),
    begin: (scene) => {
      const victim = victimOf(scene);
      // Fewer than five tries each, so that none of them is found alone.
      const clients = scene.shop.strangers.botnet(Math.max(9, Math.ceil(scene.total / 4)));
      const attack = crowdAttack(scene, clients, () => failed(victim));
      return { ...attack, victims: [...attack.victims, user(victim)] };
    },
  },
  {
    id: "account-takeover",
    title: "Many machines guess the password of one customer, and one gets in",
    detectors: ["account-takeover", "account-under-attack"],
    counts: "failed sign-ins on one account",
    windowMs: 30 * minute,
    floor: ({ limit }) => limit("failures", 10),
    begin: (scene) => {
      const victim = victimOf(scene);
      const clients = scene.shop.strangers.botnet(Math.max(9, Math.ceil(scene.total / 4)));
      const attack = crowdAttack(scene, clients, (i) => (i === scene.floor + 1 ? succeeded(victim) : failed(victim)));
      return { ...attack, victims: [...attack.victims, user(victim)], isCounted: (i) => i !== scene.floor + 1 };
    },
  },
  {
    id: "password-guessing",
    title: "One machine guesses the password of one customer",
    detectors: ["password-guessing"],
    counts: "failed sign-ins on one account",
    windowMs: 30 * minute,
    floor: ({ limit }) => limit("failures", 50),
    begin: (scene) => {
      const victim = victimOf(scene);
      return { ...loneAttack(scene, scene.shop.strangers.next(scene), () => failed(victim)), victims: [user(victim)] };
    },
  },
  {
    id: "low-and-slow",
    title: "One machine tries accounts for hours, a few each hour",
    detectors: ["low-and-slow-login"],
    counts: "accounts failed on by one client within a day",
    windowMs: 24 * 60 * minute,
    floor: ({ limit, isEnriched }) => (isEnriched ? limit("accounts", 10) : limit("failures", 100)),
    lastsMs: 5 * 60 * minute,
    isOnce: true,
    begin: (scene) => loneAttack(scene, scene.shop.strangers.next(scene), (i) => failed(`slow-${scene.tag}-${i}`)),
  },
];
