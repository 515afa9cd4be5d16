import type { Outlet } from "./actor.ts";
import type { Exchange } from "./exchange.ts";
import type { Intensity, LabelledEntity } from "./label.ts";
import type { Random } from "./random.ts";
import type { Shop } from "./shop.ts";

/** One kind of attack or outage: what it does, and how much of it is its floor. */
export interface AttackKind {
  readonly id: string;
  readonly title: string;
  /** Ids of the detectors that are meant to find it; the first one's parameters make its floor. */
  readonly detectors: readonly string[];
  /** What the floor counts, in words. */
  readonly counts: string;
  readonly windowMs: number;
  readonly floor: (facts: FloorFacts) => number;
  /** How long it goes on; twice its window unless given. */
  readonly lastsMs?: number;
  /** All that its window has comes within `lastsMs`, once: for windows of a day. */
  readonly isOnce?: true;
  /** Not as many steps as the floor says, but these. */
  readonly steps?: (facts: FloorFacts & { readonly intensity: Intensity }) => { total: number; lastsMs: number };
  /** It changes everybody's traffic: no two of these at once. */
  readonly isSiteWide?: true;
  readonly begin: (scene: Scene) => Attack | Outage;
}

/** What a floor is made of. */
export interface FloorFacts {
  /** A parameter of the attack's first detector, or what the docs say where there is no such detector. */
  readonly limit: (parameter: string, otherwise: number) => number;
  /** Whether the log names accounts and cards; without them several detectors ask for more. */
  readonly isEnriched: boolean;
  /** Benign requests a second: on average, and for what concerns the whole site at the time of day it is planned for. */
  readonly rate: number;
}

/** What an attack is begun with. */
export interface Scene extends FloorFacts {
  readonly shop: Shop;
  readonly random: Random;
  readonly intensity: Intensity;
  /** What the floor counts, so many times within the window. */
  readonly floor: number;
  readonly windowMs: number;
  /** Steps of one window. */
  readonly perWindow: number;
  /** Steps in all. */
  readonly total: number;
  readonly start: number;
  readonly lastsMs: number;
  /** A short name that no other attack of the run has. */
  readonly tag: string;
  /** One in three looks like a browser. */
  readonly userAgent: string;
}

/** Somebody who does one thing again and again. */
export interface Attack {
  readonly entities: readonly LabelledEntity[];
  readonly victims?: readonly LabelledEntity[];
  /** Step `i`, from 0. */
  step(i: number, now: number, outlet: Outlet): void;
  /** When step `i` is, in milliseconds after the start; evenly spread unless given. */
  readonly at?: (i: number) => number;
  /** Whether the floor counts step `i`; all, unless given. Never what something else changed: an outage, a broken link. */
  readonly isCounted?: (i: number) => boolean;
  readonly beside?: Beside;
}

/** What an attack has to stand out from: it is at its floor only with so many times what everybody else does of the kind. */
export interface Beside {
  readonly times: number;
  /** What counts of what everybody harmless does, once it was answered. */
  readonly concerns: (exchange: Exchange) => boolean;
  /** What others do meanwhile and adds to it: other attackers to an attack, anybody to an outage. Nothing, unless given. */
  readonly joins?: (exchange: Exchange) => boolean;
  /** Over how long it is averaged; the floor's window, unless given. */
  readonly overMs?: number;
}

/** Something that fails: what is asked meanwhile is answered in another way. */
export interface Outage {
  readonly victims: readonly LabelledEntity[];
  readonly entities?: readonly LabelledEntity[];
  /** Whether it is about this request. */
  concerns(exchange: Exchange): boolean;
  /** Which share of those it changes. */
  readonly share: number;
  /** Which share of those within the window is its floor, besides the count. */
  readonly floorShare: number;
  /** It is over once it changed so many. */
  readonly most?: number;
  readonly beside?: Beside;
  change(exchange: Exchange): void;
}
