import type { Actor, Outlet } from "../actor.ts";
import { asks, took } from "../flow.ts";
import type { Random } from "../random.ts";
import type { Shop } from "../shop.ts";
import { SignIn } from "../sign-in.ts";
import type { StressorKind } from "../stressor.ts";
import { apps } from "../user-agents.ts";
import type { Visitor } from "../visitor.ts";
import { FlowActor } from "./crowds.ts";

const minute = 60_000;
const expired = { reason: "expired_token" } as const;

/** Devices of customers that do what attackers do, without meaning it. */
export const deviceStressors: readonly StressorKind[] = [
  {
    id: "app-release",
    title: "A new app forgets who was signed in: customers' phones refresh and refresh",
    lastsMs: 20 * minute,
    mayTell: ["token-rejection-surge"],
    begin: ({ shop, random, start, end, rate }) => ({
      // Most of them within the first half.
      actors: some(shop, random, { count: Math.ceil(Math.min(shop.people.count / 10, rate * 8)), now: start }).map(
        ({ visitor, account }) => {
          const u = random.fraction();
          const app = { ...visitor, userAgent: random.pick(apps) };
          return {
            actor: new LostApp(shop, random, { visitor: app, account }),
            at: start + Math.floor(u * u * (end - start)),
          };
        },
      ),
    }),
  },
  {
    id: "password-manager",
    title: "Password managers send an old password several times",
    lastsMs: 30 * minute,
    begin: ({ shop, random, start, end }) => ({
      actors: some(shop, random, { count: 25, now: start }).map(({ visitor, account }) => ({
        actor: new FlowActor(new SignIn(shop, visitor, { account, mistakes: random.between(4, 7) })),
        at: start + random.below(end - start),
      })),
    }),
  },
  {
    id: "polling-page",
    title: "Pages that were left open ask every few seconds, signed in no more",
    lastsMs: 20 * minute,
    begin: ({ shop, random, start, end }) => ({
      actors: some(shop, random, { count: 15, now: start }).map(({ visitor }) => ({
        actor: new OpenPage(random, visitor, end),
        at: start + random.below(minute),
      })),
    }),
  },
];

// helpers

/** Customers, wherever they are. */
function some(shop: Shop, random: Random, { count, now }: { count: number; now: number }) {
  return Array.from({ length: count }, () => random.below(shop.people.count)).flatMap((person) => {
    const visitor = shop.people.visit(person, random, now);
    return visitor === undefined ? [] : [{ visitor, account: shop.people.account(person) }];
  });
}

/** Asks for a new token with one that is none any more, a few times, and then lets its owner sign in. */
class LostApp implements Actor {
  readonly #random: Random;
  readonly #visitor: Visitor;
  readonly #signIn: SignIn;
  #tries: number;

  constructor(shop: Shop, random: Random, { visitor, account }: { visitor: Visitor; account: string }) {
    this.#random = random;
    this.#visitor = visitor;
    this.#signIn = new SignIn(shop, visitor, { account });
    this.#tries = random.between(3, 12);
  }

  act(now: number, outlet: Outlet): number {
    if (this.#tries-- > 0) {
      refused(outlet, this.#random, { visitor: this.#visitor, method: "POST", path: "/api/token/refresh" });
      return now + 4_000 + this.#random.wait(6_000);
    }
    const wait = this.#signIn.step(now, outlet);
    return wait > 0 ? now + wait : Infinity;
  }
}

class OpenPage implements Actor {
  readonly #random: Random;
  readonly #visitor: Visitor;
  readonly #end: number;

  constructor(random: Random, visitor: Visitor, end: number) {
    this.#random = random;
    this.#visitor = visitor;
    this.#end = end;
  }

  act(now: number, outlet: Outlet): number {
    refused(outlet, this.#random, { visitor: this.#visitor, method: "GET", path: "/api/account" });
    return now < this.#end ? now + 10_000 + this.#random.below(200) : Infinity;
  }
}

function refused(outlet: Outlet, random: Random, of: { visitor: Visitor; method: string; path: string }): void {
  outlet.exchange.begin(of.visitor, asks(of.method, of.path, 401, took(random, 4, 30)));
  outlet.exchange.attributes = expired;
  outlet.request();
}
