import { dataCentres, farAway, type Place } from "./places.ts";
import type { Random } from "./random.ts";
import { tools, laptopBrowsers } from "./user-agents.ts";
import { addressV4, addressV6, aVisitor, type Visitor } from "./visitor.ts";

const block = [198, 19, 0] as const;
const addresses = 32_768;

/** Hands out clients that no customer shares an address with, each another one. */
export class Strangers {
  #given = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** One more client. IPv6 ones have a /64 of their own. */
  next(given: { place?: Place; userAgent?: string; v6?: boolean } = {}): Visitor {
    const n = this.#given++;
    const random = this.#random;
    const isV6 = (given.v6 ?? random.chance(0.15)) || n >= addresses;
    const address = isV6 ? addressV6(0x8000 + (n >>> 15), 1 + (n & 0x7fff), random.word()) : addressV4(block, n);
    return aVisitor({
      address,
      userAgent: given.userAgent ?? random.pick(tools),
      place: given.place ?? random.pick(dataCentres),
    });
  }

  /** So many machines of other people, all over the world or in one place. */
  botnet(count: number, given: { place?: Place; userAgent?: string } = {}): Visitor[] {
    return Array.from({ length: count }, () =>
      this.next({
        place: given.place ?? this.#random.pick(farAway),
        userAgent: given.userAgent ?? this.#random.pick(laptopBrowsers),
      }),
    );
  }
}
