import type { AttackKind, FloorFacts } from "../attack.ts";
import { crowdAttack, entitiesOf, loneAttack, send, signedInAttacker, type AttackRequest } from "../attack-request.ts";
import { vpnExits, type Place } from "../places.ts";
import { laptopBrowsers } from "../user-agents.ts";
import { accountName } from "../people.ts";

const minute = 60_000;
const unnamed = ({ isEnriched }: FloorFacts) => (isEnriched ? 1 : 3);

const reset = (userId: string): AttackRequest => ({
  ...{ target: "/api/password/forgot", status: 202, userId, outcome: "ok", event: "password_reset.requested" },
});

const signUp = (userId: string): AttackRequest => ({
  ...{ target: "/api/signup", status: 201, userId, outcome: "ok", event: "signup.succeeded" },
});

const home: Place = { country: "DE", asn: 64500, latitude: 52.52, longitude: 13.4 };
/** Where the thief of a session is, 1,740 km away, of which detectors take 100 off as inaccuracy. */
const away: Place = { country: "TR", asn: 65543, latitude: 41.01, longitude: 28.98 };
/** What an airliner at 900 km/h takes for that. */
const tripMinutes = 109;

/** A browser that was renewed is the same program. */
const withoutVersion = (userAgent: string) => userAgent.replaceAll(/\d/g, "");

/** Attacks on accounts that are no guessing of passwords. */
export const accountAttacks: readonly AttackKind[] = [
  {
    id: "password-reset-abuse",
    title: "One machine asks for password resets of many accounts",
    detectors: ["password-reset-abuse"],
    counts: "accounts that one client has reset",
    windowMs: 10 * minute,
    floor: (facts) => facts.limit("accounts", 10) * unnamed(facts),
    begin: (scene) => loneAttack(scene, scene.shop.strangers.next(scene), (i) => reset(accountName(7 * i + 3))),
  },
  {
    id: "password-reset-bombing",
    title: "One customer is buried in password resets",
    detectors: ["password-reset-bombing"],
    counts: "resets of one account",
    windowMs: 30 * minute,
    floor: ({ limit }) => limit("resets", 5),
    begin: (scene) => {
      const victim = scene.shop.people.account(scene.random.below(scene.shop.people.count));
      const clients = scene.shop.strangers.botnet(Math.max(3, Math.ceil(scene.total / 4)));
      const attack = crowdAttack(scene, clients, () => reset(victim));
      return { ...attack, victims: [...attack.victims, { scope: "user", value: victim }] };
    },
  },
  {
    id: "signup-abuse",
    title: "One machine makes account after account",
    detectors: ["signup-abuse"],
    counts: "accounts made by one client",
    windowMs: 10 * minute,
    // More than the parameter, not as many.
    floor: ({ limit }) => limit("created", 10) + 1,
    begin: (scene) => loneAttack(scene, scene.shop.strangers.next(scene), (i) => signUp(`farm-${scene.tag}-${i}`)),
  },
  {
    id: "account-enumeration",
    title: "One machine asks which names are taken",
    detectors: ["account-enumeration"],
    counts: "names refused to one client",
    windowMs: 10 * minute,
    floor: (facts) => facts.limit("names", 10) * unnamed(facts),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        ...{ target: "/api/signup/check", status: 409, userId: accountName(11 * i + 5), outcome: "failed" },
        ...{ attributes: { reason: "taken" }, event: "signup.failed" },
      })),
  },
  {
    id: "impossible-travel",
    title: "A stolen session is used far from its customer",
    detectors: ["impossible-travel"],
    counts: "trips faster than an airliner",
    windowMs: 24 * 60 * minute,
    floor: () => 1,
    // Two visits; how soon the second comes is the intensity.
    steps: ({ limit, intensity }) => ({
      total: 2,
      lastsMs: Math.round(tripMinutes / ((limit("speedKmh", 900) / 900) * intensity)) * minute,
    }),
    begin: (scene) => {
      const { shop, random, tag } = scene;
      const visits = [home, away].map((place, i) => {
        const visitor = shop.strangers.next({ place, userAgent: random.pick(laptopBrowsers), v6: i === 0 });
        return Object.assign(visitor, { userId: `t-${tag}`, sessionId: `s-${tag}`, role: "customer" });
      });
      const account: AttackRequest = { method: "GET", target: "/api/account", status: 200, event: "account.viewed" };
      return {
        entities: entitiesOf([visits[1]!]).filter(({ scope }) => scope === "ip"),
        victims: [{ scope: "user", value: `t-${tag}` }],
        step: (i, _now, outlet) => send(outlet, scene, visits[i]!, account),
        at: (i) => i * scene.lastsMs,
        isCounted: (i) => i === 1 && scene.intensity > 1,
      };
    },
  },
  {
    id: "new-place",
    title: "A customer's password works in another country, with another program",
    detectors: ["new-place-for-user"],
    counts: "sign-ins from a country and program that are new",
    windowMs: 3 * 60 * minute,
    floor: () => 1,
    // At home, and hours later where nobody saw the customer before; below the floor with the customer's own program.
    steps: () => ({ total: 2, lastsMs: 3 * 60 * minute }),
    begin: (scene) => {
      const { shop, random, tag, intensity } = scene;
      const own = random.pick(laptopBrowsers);
      const other = random.pick(laptopBrowsers.filter((agent) => withoutVersion(agent) !== withoutVersion(own)));
      const owner = shop.strangers.next({ place: home, userAgent: own, v6: true });
      const thief = shop.strangers.next({ place: away, userAgent: intensity < 1 ? own : other, v6: false });
      const signIn: AttackRequest = {
        ...{ target: "/api/login", status: 200, userId: `t-${tag}`, outcome: "ok", event: "login.succeeded" },
      };
      return {
        entities: entitiesOf([thief]),
        victims: [{ scope: "user", value: `t-${tag}` }],
        step: (i, _now, outlet) => send(outlet, scene, i === 0 ? owner : thief, signIn),
        at: (i) => i * scene.lastsMs,
        isCounted: (i) => i === 1 && intensity > 1,
      };
    },
  },
  {
    id: "token-sharing",
    title: "One session is used by many clients",
    detectors: ["token-sharing"],
    counts: "clients of one session",
    windowMs: 30 * minute,
    // More than the parameter, not as many.
    floor: ({ limit }) => limit("clients", 5) + 1,
    begin: (scene) => {
      const { shop, tag } = scene;
      const clients = shop.strangers.botnet(scene.total).map((visitor, i) => {
        const place = i % 3 === 0 ? vpnExits[i % vpnExits.length]! : visitor.place;
        return Object.assign(visitor, { place, userId: `t-${tag}`, sessionId: `s-${tag}`, role: "customer" });
      });
      return {
        ...crowdAttack(scene, clients, () => ({
          method: "GET",
          target: "/api/account",
          status: 200,
          event: "account.viewed",
        })),
        victims: [
          { scope: "user", value: `t-${tag}` },
          { scope: "session", value: `s-${tag}` },
        ],
      };
    },
  },
  {
    id: "api-key-sharing",
    title: "A partner's API key is used by many clients",
    detectors: ["api-key-sharing"],
    counts: "clients of one API key",
    windowMs: 30 * minute,
    floor: ({ limit }) => limit("clients", 10) + 1,
    begin: (scene) => {
      const apiKey = `key-${scene.tag}`;
      const clients = scene.shop.strangers.botnet(scene.total, { userAgent: scene.userAgent });
      const users = clients.map((client) => ({ ...client, apiKey, role: "partner" }));
      const attack = crowdAttack(scene, users, (i) => ({
        ...{ method: "GET", target: `/api/orders/${400_000 + i * 911}`, status: 200 },
      }));
      return { ...attack, victims: [...attack.victims, { scope: "apiKey", value: apiKey }] };
    },
  },
  {
    id: "object-enumeration",
    title: "A user counts through the orders of others",
    detectors: ["object-enumeration"],
    counts: "different orders that one user asks for",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("objects", 30),
    begin: (scene) => {
      const first = 200_000 + scene.random.below(400_000);
      const attacker = signedInAttacker(scene);
      return loneAttack(scene, attacker, (i) => {
        const isOthers = i % 2 === 0;
        return { method: "GET", target: `/api/orders/${first + i}`, status: isOthers ? 403 : 404 };
      });
    },
  },
  {
    id: "object-theft",
    title: "A user counts through the orders of others, and gets them",
    detectors: ["object-enumeration"],
    counts: "different orders that one user asks for",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("objects", 30),
    begin: (scene) => {
      const first = 200_000 + scene.random.below(400_000);
      const attacker = signedInAttacker(scene);
      return loneAttack(scene, attacker, (i) => ({ method: "GET", target: `/api/orders/${first + i}`, status: 200 }));
    },
  },
  {
    id: "data-harvest",
    title: "A user reads hundreds of orders, slowly",
    detectors: ["data-harvest"],
    counts: "different orders that one user reads in a day",
    windowMs: 24 * 60 * minute,
    floor: ({ limit }) => limit("objects", 500),
    lastsMs: 100 * minute,
    isOnce: true,
    begin: (scene) => {
      const attacker = signedInAttacker(scene);
      return loneAttack(scene, attacker, (i) => ({
        ...{ method: "GET", target: `/api/orders/${200_000 + ((i * 7_919) % 500_000)}`, status: 200 },
      }));
    },
  },
];
