import type { AccessEvent } from "../normalize/access-event.ts";
import { explainGuess } from "../normalize/guess-class.ts";
import type { SeenEndpoint } from "../normalize/route-table.ts";
import type { InventoryEntry } from "./inventory-yaml.ts";
import { amount, percent } from "./text-layout.ts";

/** What traffic tells of a shop's endpoints. */
export interface Discovered {
  /** Those that the configuration lacks, the most frequent first. */
  readonly fresh: readonly InventoryEntry[];
  /** `POST /api/login (12,304 requests)`: those it has, the most frequent first. */
  readonly listed: readonly string[];
  readonly requests: number;
  /** Of the first and the last request, epoch ms; `undefined` when there was none. */
  readonly span: { readonly from: number; readonly to: number } | undefined;
  /** How many were left out because nothing was ever there (404, 405, 410). */
  readonly missing: number;
  /** Requests for what was beyond the bound on learned routes. */
  readonly beyond: number;
}

/** Counts requests by method and route. What it holds is bounded as the routes are. */
export class SeenEndpoints {
  readonly #seen = new Map<string, Counts>();
  #hasUsers = false;
  /** Requests so far. */
  requests = 0;
  #from = Infinity;
  #to = -Infinity;

  add({ origin, method, route, status, userId, time }: AccessEvent): void {
    if (origin !== "gateway") return;
    this.requests++;
    this.#from = Math.min(this.#from, time);
    this.#to = Math.max(this.#to, time);
    const key = `${method === "HEAD" ? "GET" : method} ${route}`;
    let counts = this.#seen.get(key);
    if (counts === undefined) this.#seen.set(key, (counts = { requests: 0, found: 0, users: 0 }));
    counts.requests++;
    if (status !== 404 && status !== 405 && status !== 410) counts.found++;
    if (userId !== undefined) counts.users++;
    this.#hasUsers ||= userId !== undefined;
  }

  /** `known`: what the normalizer says of the same requests. */
  report(known: readonly SeenEndpoint[]): Discovered {
    const configured = new Set(known.flatMap((one) => (one.guessed ? [] : [`${one.method} ${one.route}`])));
    const all = [...this.#seen].map(([key, counts]) => {
      const space = key.indexOf(" ");
      return { key, method: key.slice(0, space), route: key.slice(space + 1), ...counts };
    });
    const guessed = all
      .filter(({ key, method }) => !configured.has(key) && isMethod(method))
      .map((one) => ({ ...one, route: writable(one.route) }));
    const there = guessed.filter(({ route, found }) => found > 0 && !beyondRoutes.has(route));
    const sum = (some: readonly Counts[]) => some.reduce((total, { requests }) => total + requests, 0);
    return {
      fresh: this.#entries(there),
      listed: all
        .filter(({ key }) => configured.has(key))
        .toSorted(byRequests)
        .map(({ key, requests }) => `${key} (${amount(requests, "request")})`),
      requests: this.requests,
      span: this.requests === 0 ? undefined : { from: this.#from, to: this.#to },
      missing: guessed.filter(({ found, route }) => found === 0 && !beyondRoutes.has(route)).length,
      beyond: sum(guessed.filter(({ route }) => beyondRoutes.has(route))),
    };
  }

  /** One for each route and class: a list of methods where they mean the same. */
  #entries(seen: readonly SeenRoute[]): InventoryEntry[] {
    const classOf = ({ method, route }: SeenRoute) => explainGuess(method, route)?.endpointClass ?? "other";
    const ofMany = new Set(seen.flatMap((one) => placesOfMany(one.route).map((place) => `${classOf(one)} ${place}`)));
    const groups = new Map<string, SeenRoute[]>();
    for (const one of seen) {
      // Seen before it was clear that there are values here: `/p/blue-shoes` beside `/p/{var}`.
      const among = wordsReplaced(one.route).find((place) => ofMany.has(`${classOf(one)} ${place}`));
      const key = `${classOf(one)} ${among ?? shapeOf(one.route)}`;
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    const entries = [...groups].map(([key, members]) => {
      const sorted = members.toSorted(byRequests);
      const named = sorted.find(({ route }) => key.endsWith(` ${shapeOf(route)}`)) ?? sorted[0]!;
      return this.#entry(named.route, sorted);
    });
    return entries.toSorted(byRequests).map(({ entry }) => entry);
  }

  #entry(route: string, members: readonly SeenRoute[]): { entry: InventoryEntry; requests: number } {
    const byMethod = new Map<string, number>();
    for (const { method, requests } of members) byMethod.set(method, (byMethod.get(method) ?? 0) + requests);
    const methods = [...byMethod].toSorted((a, b) => b[1] - a[1]);
    const [first = "GET", most = 0] = methods[0] ?? [];
    const requests = members.reduce((total, one) => total + one.requests, 0);
    const users = members.reduce((total, one) => total + one.users, 0);
    const guess = explainGuess(first, route);
    const comment = [
      guess ? `guessed from "${guess.word}"` : "nothing tells what it is for",
      `${amount(requests, "request")}${methods.length === 1 ? "" : `, ${percent(most, requests)} ${first}`}`,
      ...(this.#hasUsers ? [`seen with a user ${percent(users, requests)}`] : []),
      ...(/\/graphql$/i.test(route) ? ["GraphQL: give each `operation` an entry of its own"] : []),
    ].join("; ");
    const names = methods.map(([method]) => method);
    const method = names.length === 1 ? first : names;
    return { requests, entry: { method, route, class: guess?.endpointClass ?? "other", comment } };
  }
}

// helpers

interface Counts {
  requests: number;
  found: number;
  users: number;
}

interface SeenRoute extends Counts {
  readonly method: string;
  readonly route: string;
}

/** What the route learner calls what it did not learn. */
const beyondRoutes: ReadonlySet<string> = new Set(["/{other}"]);

function byRequests(a: { readonly requests: number }, b: { readonly requests: number }): number {
  return b.requests - a.requests;
}

/** Browsers send `OPTIONS` by themselves, and what a client invents is no method. */
function isMethod(method: string): boolean {
  return ["GET", "POST", "PUT", "PATCH", "DELETE"].includes(method);
}

/** A word that no configuration takes is a value. */
function writable(route: string): string {
  const segments = route.split("/");
  return segments.map((one) => (/[\s?#{}]/.test(one) && !/^\{\w+(?:\.{3})?\}$/.test(one) ? "{var}" : one)).join("/");
}

/** Names stand for the same, whatever they are called. */
function shapeOf(route: string): string {
  return route.replaceAll(/\{\w+\}/g, "{}");
}

/** The places of a route's `{var}`s, which stand for too many words to be endpoints. */
function placesOfMany(route: string): string[] {
  return route.includes("{var}") ? [shapeOf(route)] : [];
}

/** A route's shape with one word taken for a value, for each of its words. */
function wordsReplaced(route: string): string[] {
  const segments = shapeOf(route).split("/");
  return segments.flatMap((segment, i) => (i === 0 || segment.includes("{") ? [] : [segments.with(i, "{}").join("/")]));
}
