import type { Actor, Outlet } from "../actor.ts";
import { CustomerSession } from "../customer-session.ts";
import { homes } from "../places.ts";
import type { Random } from "../random.ts";
import type { Shop } from "../shop.ts";
import { SignIn } from "../sign-in.ts";
import { phase, type StressorKind, type StressorStage } from "../stressor.ts";
import { apps, laptopBrowsers, phoneBrowsers } from "../user-agents.ts";
import { addressV4, aVisitor } from "../visitor.ts";

const minute = 60_000;
const tickMs = 50;
/** What one visit brings, about. */
const requestsPerVisit = 20;

/** More customers than usual come at once: all of them harmless. */
export const crowdStressors: readonly StressorKind[] = [
  {
    id: "flash-sale",
    title: "One article is nearly given away, and everybody wants it",
    lastsMs: 10 * minute,
    mayTell: ["traffic-level"],
    begin: (stage) => {
      const wants = stage.random.pick(stage.shop.catalog.products);
      return {
        actors: rush(stage, {
          times: 1.5,
          visit: (shop, visitor, person) => CustomerSession.hurried(shop, visitor, { person, wants }),
        }),
      };
    },
  },
  {
    id: "tv-ad",
    title: "The shop is on television, and people have a look",
    lastsMs: 4 * minute,
    mayTell: ["traffic-level"],
    begin: (stage) => ({
      actors: rush(stage, { times: 3, visit: (shop, visitor, person) => new CustomerSession(shop, visitor, person) }),
    }),
  },
  {
    id: "viral-promo",
    title: "A promo code goes round, until it is used up",
    lastsMs: 40 * minute,
    begin: ({ shop, start, end }) => {
      const { mood } = shop;
      const half = Math.floor((start + end) / 2);
      const known = phase(end, {
        begin: () => (mood.viralCode = "VIRAL50"),
        end: () => (mood.viralCode = undefined),
      });
      const over = phase(end, { begin: () => (mood.isUsedUp = true), end: () => (mood.isUsedUp = false) });
      return {
        entities: [{ scope: "promoCode", value: "VIRAL50" }],
        actors: [
          { actor: known, at: start },
          { actor: over, at: half },
        ],
      };
    },
  },
  {
    id: "office-monday",
    title: "An office comes back from the weekend and signs in, passwords forgotten",
    lastsMs: 15 * minute,
    begin: ({ shop, random, start, end }) => {
      const address = addressV4([198, 19, 174], 1);
      const people = Array.from({ length: 120 }, (_, i) => {
        const userAgent = laptopBrowsers[i % laptopBrowsers.length]!;
        const visitor = aVisitor({ address, userAgent, place: homes[2]!, deviceId: `d-office${i}` });
        // A quarter of them was wrong over the weekend as well.
        const mistakes = random.chance(0.25) ? random.between(1, 3) : 0;
        return new FlowActor(new SignIn(shop, visitor, { account: `o-${i}`, mistakes }));
      });
      return {
        entities: [{ scope: "ip", value: address.ip }],
        actors: people.map((actor) => ({ actor, at: start + random.below(end - start) })),
      };
    },
  },
  {
    id: "campus-first-week",
    title: "New students make accounts, all behind one address",
    lastsMs: 30 * minute,
    begin: ({ shop, random, start, end }) => {
      const address = addressV4([198, 19, 174], 2);
      const agents = [...laptopBrowsers, ...phoneBrowsers, ...apps];
      const students = Array.from({ length: 60 }, (_, i) => {
        const visitor = aVisitor({ address, userAgent: agents[i % agents.length]!, place: homes[0]! });
        return new CustomerSession(shop, visitor, shop.people.count + 900_000 + i);
      });
      return {
        entities: [{ scope: "ip", value: address.ip }],
        actors: students.map((actor) => ({ actor, at: start + random.below(end - start) })),
      };
    },
  },
];

/** One flow, and then gone. */
export class FlowActor implements Actor {
  readonly #flow: SignIn;

  constructor(flow: SignIn) {
    this.#flow = flow;
  }

  act(now: number, outlet: Outlet): number {
    const wait = this.#flow.step(now, outlet);
    return wait > 0 ? now + wait : Infinity;
  }
}

// helpers

type Visit = (shop: Shop, visitor: NonNullable<ReturnType<Shop["people"]["visit"]>>, person: number) => Actor;

/** Lets in so many times the usual number of visits, most of them at the beginning. */
function rush(stage: StressorStage, of: { times: number; visit: Visit }) {
  return [{ actor: new Rush(stage, of), at: stage.start }];
}

class Rush implements Actor {
  readonly #shop: Shop;
  readonly #random: Random;
  readonly #visit: Visit;
  readonly #start: number;
  readonly #end: number;
  readonly #perTick: number;

  constructor({ shop, random, start, end, rate }: StressorStage, of: { times: number; visit: Visit }) {
    this.#shop = shop;
    this.#random = random;
    this.#visit = of.visit;
    this.#start = start;
    this.#end = end;
    this.#perTick = ((of.times * rate) / requestsPerVisit / 1000) * tickMs;
  }

  act(now: number, outlet: Outlet): number {
    if (now >= this.#end) return Infinity;
    const { people } = this.#shop;
    const left = (this.#end - now) / (this.#end - this.#start);
    const coming = Math.floor(2 * left * this.#perTick + this.#random.fraction());
    for (let i = 0; i < coming; i++) {
      const person = this.#random.below(people.count);
      const visitor = people.visit(person, this.#random, now);
      if (visitor !== undefined)
        outlet.enter(this.#visit(this.#shop, visitor, person), now + this.#random.below(tickMs));
    }
    return now + tickMs;
  }
}
