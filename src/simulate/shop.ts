import type { Catalog } from "./catalog.ts";
import type { Exchange } from "./exchange.ts";
import type { People } from "./people.ts";
import type { Random } from "./random.ts";
import type { Strangers } from "./strangers.ts";

/** Something that is wrong with the shop for a while: changes answers before they are logged. */
export interface Condition {
  change(exchange: Exchange, now: number): void;
}

/** Looks at what was logged, as it was logged. */
export interface Witness {
  saw(exchange: Exchange, now: number): void;
}

/** What all actors share. */
export interface Shop {
  /** The stream of everything benign. */
  readonly random: Random;
  readonly catalog: Catalog;
  readonly people: People;
  readonly strangers: Strangers;
  /** What is wrong now; usually nothing. */
  readonly conditions: Condition[];
  readonly witnesses: Witness[];
  /** Numbers of orders, reservations and new accounts, each given once. */
  readonly numbers: { order: number; account: number; session: number };
  /** A code that everybody has heard of, whether it is used up, and whether it is an attack that acts at the moment. */
  readonly mood: { viralCode: string | undefined; isUsedUp: boolean; isAttacked: boolean };
}

/** The promo codes that are valid in the whole run. */
export const promoCodes: readonly string[] = ["WELCOME10", "AUTUMN26", "FREESHIP"];
