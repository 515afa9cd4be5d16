import type { Known } from "./counters.ts";
import { bitmapWords, countDistinct, setBit } from "./bitmap.ts";
import type { KeyTable } from "./key-table.ts";
import { addPacked, binOf, packed, sketchBins, valueAt } from "./sketch.ts";

const hourMs = 3_600_000;
/** What everybody does is told by the last day, a day's rhythm included. */
const hoursKept = 24;
/** Fewer actors say nothing of what is usual (Cloudflare's volumetric abuse detection asks for as many). */
const leastActors = 50;
/** Routes of one detector; further ones stay unknown. */
const maxRoutes = 1_024;

/** What the actors of one route did within one hour: each one's largest figure, and who there was. */
interface Hour {
  readonly hour: number;
  readonly counts: Uint32Array;
  readonly actors: Uint32Array;
}

interface Route {
  readonly hours: Hour[];
  /** Of the minute that is not over: what is to be added and taken away, by bin, and who there was. */
  readonly changes: Int32Array;
  readonly seen: Uint32Array;
  /** What holds in the minute of event time that is told beside it. */
  told: Known;
  toldAt: number;
}

const unknown: Known = { known: false, value: 0 };

/**
 * What is usual on a route: a quantile of the largest figures that its actors had in an hour, over the
 * last 24 hours. It is told for a whole minute of event time at once, from what was sealed before that
 * minute, so that it doesn't depend on the order of events. Who fires is taken out until the episode
 * has been quiet, so that an attack doesn't become usual.
 */
export class Population {
  readonly #keys: KeyTable;
  readonly #q: number;
  readonly #routes = new Map<string, Route>();
  readonly #touched = new Set<Route>();
  /** By row: the hour of its figure, the figure's bin, and whose row that was (the low half of the key's hash). */
  readonly #hours: Uint32Array;
  readonly #bins: Uint16Array;
  readonly #owners: Uint32Array;
  /** By row: until when it is left out, epoch seconds. */
  readonly #outUntil: Uint32Array;
  #tick = 0;

  /** `keys`: the table whose rows are actors on routes; `q`: which quantile, 0 to 1. */
  constructor(options: { keys: KeyTable; q: number }) {
    this.#keys = options.keys;
    this.#q = options.q;
    const rows = options.keys.capacity;
    this.#hours = new Uint32Array(rows);
    this.#bins = new Uint16Array(rows);
    this.#owners = new Uint32Array(rows);
    this.#outUntil = new Uint32Array(rows);
  }

  /** An actor's figure over the window that ended at `end`, epoch ms. It counts from the next minute on. */
  add(at: { readonly row: number; readonly route: string }, figure: number, end: number): void {
    const { row } = at;
    this.#own(row);
    if (end <= this.#outUntil[row]! * 1000) return;
    const route = this.#routeOf(at.route);
    if (route === undefined) return;
    const hour = hourOf(end);
    const bin = binOf(figure);
    if (this.#hours[row] === hour) {
      if (bin <= this.#bins[row]!) return;
      route.changes[this.#bins[row]!]!--;
    }
    route.changes[bin]!++;
    setBit(route.seen, 0, this.#keys.lo[row]!);
    this.#hours[row] = hour;
    this.#bins[row] = bin;
    this.#keys.changed.mark(row);
    this.#touched.add(route);
  }

  /** An actor fired: it is no part of what is usual until it has been quiet for `quietMs`. */
  leaveOut(at: { readonly row: number; readonly route: string }, end: number, quietMs: number): void {
    const { row } = at;
    this.#own(row);
    this.#outUntil[row] = Math.max(this.#outUntil[row]!, Math.ceil((end + quietMs) / 1000));
    this.#keys.changed.mark(row);
    if (this.#hours[row] !== hourOf(end)) return;
    const route = this.#routeOf(at.route);
    this.#hours[row] = 0;
    if (route === undefined) return;
    route.changes[this.#bins[row]!]!--;
    this.#touched.add(route);
  }

  /** Minutes of event time before `tick` (epoch ms) are over: what was added in them counts. */
  publish(tick: number): void {
    if (tick <= this.#tick) return;
    for (const route of this.#touched) this.#settle(route);
    this.#touched.clear();
    this.#tick = tick;
  }

  /** What is usual on a route; not known with fewer than 50 actors in a day. */
  at(name: string): Known {
    const route = this.#routes.get(name);
    if (route === undefined) return unknown;
    if (route.toldAt !== this.#tick) {
      route.told = this.#usual(route);
      route.toldAt = this.#tick;
    }
    return route.told;
  }

  /** `rows`: those that are saved. */
  save(rows: readonly number[]): SavedPopulation {
    const isOwn = (row: number) => this.#owners[row] === this.#keys.lo[row];
    return {
      tick: this.#tick,
      hours: Uint32Array.from(rows, (row) => (isOwn(row) ? this.#hours[row]! : 0)),
      bins: Uint16Array.from(rows, (row) => this.#bins[row]!),
      outUntil: Uint32Array.from(rows, (row) => (isOwn(row) ? this.#outUntil[row]! : 0)),
      routes: [...this.#routes].map(([name, { hours, changes, seen }]) => ({
        name,
        hours: hours.map(({ hour, counts, actors }) => ({ hour, counts: packed(counts), actors: actors.slice() })),
        changes: changes.slice(),
        seen: seen.slice(),
      })),
    };
  }

  /** `rows`: where those that were saved are now; -1: they are not wanted. */
  loadRows({ hours, bins, outUntil }: SavedPopulation, rows: Int32Array): void {
    for (const [place, row] of rows.entries()) {
      if (row === -1) continue;
      this.#owners[row] = this.#keys.lo[row]!;
      this.#hours[row] = hours[place]!;
      this.#bins[row] = bins[place]!;
      this.#outUntil[row] = outUntil[place]!;
    }
  }

  /** What is usual, as it was when it was saved last. */
  loadRoutes({ tick, routes }: SavedPopulation): void {
    this.#tick = tick;
    for (const { name, hours, changes, seen } of routes) {
      const route = this.#routeOf(name);
      if (route === undefined) continue;
      for (const { hour, counts, actors } of hours) {
        const known = newHour(hour);
        addPacked(known.counts, counts);
        known.actors.set(actors);
        route.hours.push(known);
      }
      route.changes.set(changes);
      route.seen.set(seen);
      if (changes.some((change) => change !== 0)) this.#touched.add(route);
    }
  }

  /** A row that was given to another key begins anew. */
  #own(row: number): void {
    const owner = this.#keys.lo[row]!;
    if (this.#owners[row] === owner) return;
    this.#owners[row] = owner;
    this.#hours[row] = this.#bins[row] = this.#outUntil[row] = 0;
  }

  #routeOf(name: string): Route | undefined {
    let route = this.#routes.get(name);
    if (route === undefined && this.#routes.size < maxRoutes) {
      route = {
        hours: [],
        changes: new Int32Array(sketchBins),
        seen: new Uint32Array(bitmapWords),
        told: unknown,
        toldAt: -1,
      };
      this.#routes.set(name, route);
    }
    return route;
  }

  /** Adds the minute that is over to its hour; all of a minute's ends are of one hour. */
  #settle(route: Route): void {
    const hour = hourOf(this.#tick + 1);
    while (route.hours.length > 0 && route.hours[0]!.hour <= hour - hoursKept) route.hours.shift();
    let known = route.hours.at(-1);
    if (known?.hour !== hour) route.hours.push((known = newHour(hour)));
    for (let bin = 0; bin < sketchBins; bin++) {
      if (route.changes[bin] !== 0) known.counts[bin] = Math.max(0, known.counts[bin]! + route.changes[bin]!);
    }
    for (let w = 0; w < bitmapWords; w++) known.actors[w]! |= route.seen[w]!;
    route.changes.fill(0);
    route.seen.fill(0);
  }

  #usual(route: Route): Known {
    const oldest = hourOf(this.#tick) - hoursKept;
    const counts = new Uint32Array(sketchBins);
    const actors = new Uint32Array(bitmapWords);
    for (const hour of route.hours) {
      if (hour.hour <= oldest) continue;
      for (let bin = 0; bin < sketchBins; bin++) counts[bin]! += hour.counts[bin]!;
      for (let w = 0; w < bitmapWords; w++) actors[w]! |= hour.actors[w]!;
    }
    if (countDistinct(actors) < leastActors) return unknown;
    const total = counts.reduce((sum, count) => sum + count, 0);
    // Of fewer than a hundred the second largest at most: one actor alone is never what is usual.
    const value = valueAt(counts, Math.floor(this.#q * (total - 1)) + 1);
    return value === undefined ? unknown : { known: true, value };
  }
}

/** The hour that a window belongs to that ends at `end`: the one before, if it ends with an hour. */
function hourOf(end: number): number {
  return Math.floor((end - 1) / hourMs);
}

function newHour(hour: number): Hour {
  return { hour, counts: new Uint32Array(sketchBins), actors: new Uint32Array(bitmapWords) };
}

export interface SavedPopulation {
  readonly tick: number;
  /** By row as it was saved. */
  readonly hours: Uint32Array;
  readonly bins: Uint16Array;
  readonly outUntil: Uint32Array;
  readonly routes: readonly {
    readonly name: string;
    /** Counts are packed. */
    readonly hours: readonly { readonly hour: number; readonly counts: Uint32Array; readonly actors: Uint32Array }[];
    readonly changes: Int32Array;
    readonly seen: Uint32Array;
  }[];
}
