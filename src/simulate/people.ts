import { homes, carriers, resorts, vpnExits, type Place } from "./places.ts";
import { mixed, type Random } from "./random.ts";
import { isBusinessHours } from "./rhythm.ts";
import { apps, laptopBrowsers, phoneBrowsers } from "./user-agents.ts";
import { addressV4, addressV6, aVisitor, type Address, type Visitor } from "./visitor.ts";
import type { LabelledEntity } from "./label.ts";

// All IPv4 addresses are of 198.18.0.0/15 (RFC 2544), all IPv6 ones of 2001:db8::/32 (RFC 3849): nobody
// has them, so that nobody is blocked by what is simulated. Attackers have others than customers.
const homeBlock = [198, 18, 0] as const;
const homeAddresses = 65_536;
const carrierBlock = [198, 19, 128] as const;
const campusBlock = [198, 19, 129] as const;
const officeBlock = [198, 19, 130] as const;
const maxOfficesOfTown = Math.floor((40 * 256) / homes.length);
const vpnBlock = [198, 19, 170] as const;
const hotelBlock = [198, 19, 171] as const;
const vpnAddresses = 8;
const hotels = 64;
const peoplePerHousehold = 3;
const peoplePerOffice = 60;
const carrierAddresses = 16;
/** A holiday begins in the run, or up to five days before. */
const tripsBeforeMs = 5 * 86_400_000;

/**
 * The customers: thousands of people made from their numbers alone, so that none has to be kept.
 * Households share an address, or an IPv6 network; some work in offices, study on a campus, are
 * behind a carrier's few addresses with their phones, use a VPN, share one account, or travel.
 */
export class People {
  readonly count: number;
  readonly #seed: number;
  readonly #span: { readonly start: number; readonly end: number };
  readonly #students: number;
  /** Of each town. */
  readonly #offices: number;

  constructor(options: { count: number; seed: number; start: number; end: number }) {
    this.count = options.count;
    this.#seed = mixed(options.seed, 0x9e0913);
    this.#span = { start: options.start - tripsBeforeMs, end: options.end };
    // Hundreds behind one address, in a large shop.
    this.#students = Math.max(1, Math.min(400, Math.floor(options.count / 50)));
    const offices = options.count / 10 / peoplePerOffice / homes.length;
    this.#offices = Math.max(1, Math.min(maxOfficesOfTown, Math.floor(offices)));
  }

  /** The account of the person with this number: a family's is that of its first member. */
  account(person: number): string {
    return accountName(this.#sharesAccount(person) ? person - (person % peoplePerHousehold) : person);
  }

  /** The person from wherever they are, with one of their devices; `undefined`: on the way to a holiday. */
  visit(person: number, random: Random, now: number): Visitor | undefined {
    const who = mixed(this.#seed, person);
    const trip = this.#trip(who);
    if (trip !== undefined && now >= trip.departs) {
      if (now < trip.arrives) return undefined;
      return this.#visitor(person, { onPhone: true, address: addressV4(hotelBlock, trip.hotel), place: trip.to });
    }
    const onPhone = random.chance(0.6);
    const home = this.#homePlace(person);
    const kind = mixed(who, 2) % 100;
    if (kind < 3 && random.chance(0.6)) {
      const exit = who % vpnAddresses;
      const place = vpnExits[exit % vpnExits.length] as Place;
      return this.#visitor(person, { onPhone, address: addressV4(vpnBlock, exit), place });
    }
    if (isBusinessHours(now)) {
      if (this.#isStudent(person) && random.chance(0.8)) {
        return this.#visitor(person, { onPhone, address: campusAddress, place: homes[0] as Place });
      }
      // A tenth works in an office that lets them shop, in the town they live in.
      if (kind >= 10 && kind < 20 && !onPhone) {
        const office = (mixed(who, 3) % this.#offices) * homes.length + homes.indexOf(home);
        return this.#visitor(person, { onPhone, address: addressV4(officeBlock, office), place: home });
      }
    }
    if (onPhone && random.chance(0.45)) {
      const place = carriers[home.country] as Place;
      return this.#visitor(person, { onPhone, address: carrierAddress(place, random), place });
    }
    return this.#visitor(person, { onPhone, address: this.#homeOf(person, onPhone), place: home });
  }

  /** The person at home, whatever they do at this time. */
  atHome(person: number): Visitor {
    return this.#visitor(person, {
      onPhone: false,
      address: this.#homeOf(person, false),
      place: this.#homePlace(person),
    });
  }

  /** Addresses that many people share: nobody may be blocked by them. */
  shared(): { readonly kind: string; readonly entities: readonly LabelledEntity[] }[] {
    const block = (of: readonly [number, number, number], count: number) =>
      Array.from({ length: count }, (_, i) => ({ scope: "ip" as const, value: addressV4(of, i).ip }));
    return [
      { kind: "campus-nat", entities: [{ scope: "ip", value: campusAddress.ip }] },
      { kind: "carrier-nat", entities: block(carrierBlock, carrierAddresses) },
      { kind: "vpn", entities: block(vpnBlock, vpnAddresses) },
      { kind: "hotel", entities: block(hotelBlock, hotels) },
      { kind: "office", entities: block(officeBlock, Math.min(520, this.#offices * homes.length)) },
    ];
  }

  #visitor(person: number, from: { onPhone: boolean; address: Address; place: Place }): Visitor {
    const { onPhone, address, place } = from;
    const device = mixed(mixed(this.#seed, person), onPhone ? 11 : 12);
    const agents = onPhone ? (device % 2 === 0 ? apps : phoneBrowsers) : laptopBrowsers;
    const userAgent = agents[(device >>> 4) % agents.length] as string;
    return aVisitor({ address, userAgent, place, deviceId: `d-${device.toString(16)}` });
  }

  #homePlace(person: number): Place {
    const household = Math.floor(person / peoplePerHousehold);
    return homes[mixed(this.#seed, household + 0x10000000) % homes.length] as Place;
  }

  #homeOf(person: number, onPhone: boolean): Address {
    const household = Math.floor(person / peoplePerHousehold);
    const hash = mixed(this.#seed, household + 0x40000000);
    if (household < homeAddresses && hash % 100 < 45) return addressV4(homeBlock, household);
    const device = mixed(hash, person * 2 + (onPhone ? 1 : 0));
    return addressV6(1 + (household >>> 15), 1 + (household & 0x7fff), device);
  }

  #sharesAccount(person: number): boolean {
    const household = Math.floor(person / peoplePerHousehold);
    return mixed(this.#seed, household + 0x20000000) % 100 < 4;
  }

  #isStudent(person: number): boolean {
    // Of the town where the campus is.
    const every = Math.max(1, Math.floor(this.count / homes.length / this.#students));
    return person % every === 0 && this.#homePlace(person) === homes[0];
  }

  /** One in a hundred has a holiday; nobody is faster than an airliner. */
  #trip(who: number) {
    if (mixed(who, 4) % 100 !== 0) return undefined;
    const { start, end } = this.#span;
    const departs = start + Math.floor((mixed(who, 5) / 4294967296) * (end - start));
    const hotel = mixed(who, 6) % hotels;
    const to = resorts[hotel % resorts.length] as Place;
    const hours = to.country === "US" || to.country === "TH" ? 14 : 6;
    return { departs, arrives: departs + hours * 3_600_000, to, hotel };
  }
}

/** The name of an account by its number, as it stands in logs. */
export function accountName(account: number): string {
  return `c${100_000 + account}`;
}

// helpers

const campusAddress = addressV4(campusBlock, 1);
const carrierCountries = Object.keys(carriers);

/** The first country has six of the sixteen addresses, each of the other five has two. */
function carrierAddress(place: Place, random: Random): Address {
  const country = carrierCountries.indexOf(place.country);
  return addressV4(carrierBlock, country === 0 ? random.below(6) : 4 + country * 2 + random.below(2));
}
