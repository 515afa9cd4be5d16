import type { AccessEvent } from "../normalize/access-event.ts";
import { actorTarget } from "./actor-target.ts";
import type { Target } from "./detection.ts";
import { hashed, hashKey } from "./hash.ts";

/** What speaks for somebody being a customer: bought something; or only signed in; or neither. */
export type Standing = "bought" | "signedIn" | "neither";

/** Places looked at for one name. */
const probes = 16;
/** 16 bytes each: 4 MiB, and two names or so for each of a hundred thousand customers. */
const defaultCapacity = 262_144;
/** So that a user and a session of the same name are two. */
const salts = { ip: 0, user: 0x9e3779b1, apiKey: 0x85ebca6b, session: 0xc2b2ae35 } as const;
/** Numbers that are saved of one name. */
const rowWidth = 5;

/**
 * Who bought and who signed in, and since when: by client, user, API key and session. A table that never
 * grows; where there is no room, who was first noted longest ago is forgotten, and counted.
 */
export class Customers {
  forgotten = 0;
  readonly #mask: number;
  /** Two halves of the name's hash: the second says where to look. */
  readonly #tags: Uint32Array;
  readonly #homes: Uint32Array;
  /** Since when, in seconds since the epoch; 0: never. */
  readonly #bought: Uint32Array;
  readonly #signedIn: Uint32Array;
  /** Of the name that was looked for last. */
  #tag = 0;
  #home = 0;

  /** `capacity` in names, rounded up to a power of two. */
  constructor(capacity: number = defaultCapacity) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(capacity, probes * 2)));
    this.#mask = places - 1;
    this.#tags = new Uint32Array(places);
    this.#homes = new Uint32Array(places);
    this.#bought = new Uint32Array(places);
    this.#signedIn = new Uint32Array(places);
  }

  /** Takes note of a purchase or a sign-in that succeeded; every other event costs two comparisons. */
  see(event: AccessEvent): void {
    if (!event.attempt || event.outcome !== "ok") return;
    const { endpointClass, clientKey, userId, apiKey, sessionId } = event;
    const column = endpointClass === "login" ? this.#signedIn : isPurchase(endpointClass) ? this.#bought : undefined;
    if (column === undefined) return;
    const second = Math.floor(event.time / 1000);
    if (clientKey !== undefined) this.#note(column, this.#find("ip", clientKey), second);
    if (userId !== undefined) this.#note(column, this.#find("user", userId), second);
    if (apiKey !== undefined) this.#note(column, this.#find("apiKey", apiKey), second);
    if (sessionId !== undefined) this.#note(column, this.#find("session", sessionId), second);
  }

  /** What is known of one client, user, API key or session before `time`; `undefined` for a target of many. */
  of({ scope, value }: Target, time: number): Standing | undefined {
    if (scope === "country" || scope === "as") return undefined;
    const kind = scope === "range" ? "ip" : scope;
    const place = this.#find(kind, value);
    if (place === -1) return "neither";
    const before = (at: number) => at !== 0 && at * 1000 < time;
    if (before(this.#bought[place]!)) return "bought";
    return before(this.#signedIn[place]!) ? "signedIn" : "neither";
  }

  /** Taken every few seconds while everything waits: one pass, without an object for each name. */
  save(): SavedCustomers {
    const tags = this.#tags;
    let used = 0;
    for (let place = 0; place < tags.length; place++) if (tags[place] !== 0) used++;
    const rows = new Uint32Array(used * rowWidth);
    for (let place = 0, at = 0; place < tags.length; place++) {
      if (tags[place] === 0) continue;
      rows[at++] = place;
      rows[at++] = tags[place]!;
      rows[at++] = this.#homes[place]!;
      rows[at++] = this.#bought[place]!;
      rows[at++] = this.#signedIn[place]!;
    }
    return { capacity: tags.length, rows };
  }

  /** Goes on with what was saved; a table of another size begins anew. */
  load({ capacity, rows }: SavedCustomers): void {
    if (capacity !== this.#tags.length) return;
    for (let i = 0; i < rows.length; i += rowWidth) {
      const place = rows[i]!;
      this.#tags[place] = rows[i + 1]!;
      this.#homes[place] = rows[i + 2]!;
      this.#bought[place] = rows[i + 3]!;
      this.#signedIn[place] = rows[i + 4]!;
    }
  }

  /** Where a name is, or -1; its hash is kept for `#claim`. An empty place ends the search: names are put into the first one. */
  #find(kind: keyof typeof salts, name: string): number {
    hashKey(name);
    const tag = (this.#tag = (hashed.hi ^ salts[kind]) >>> 0 || 1);
    const home = (this.#home = (hashed.lo ^ salts[kind]) >>> 0);
    for (let i = 0; i < probes; i++) {
      const place = (home + i) & this.#mask;
      const found = this.#tags[place];
      if (found === tag && this.#homes[place] === home) return place;
      if (found === 0) return -1;
    }
    return -1;
  }

  /** `found`: where the name is that was looked for last, or -1. */
  #note(column: Uint32Array, found: number, second: number): void {
    const place = found === -1 ? this.#claim() : found;
    const since = column[place]!;
    if (since === 0 || second < since) column[place] = second;
  }

  /** A place for the name that was looked for last. */
  #claim(): number {
    let victim = this.#home & this.#mask;
    for (let i = 0; i < probes; i++) {
      const place = (this.#home + i) & this.#mask;
      if (this.#notedAt(place) < this.#notedAt(victim)) victim = place;
    }
    if (this.#tags[victim] !== 0) this.forgotten++;
    this.#tags[victim] = this.#tag;
    this.#homes[victim] = this.#home;
    this.#bought[victim] = this.#signedIn[victim] = 0;
    return victim;
  }

  /** An empty place was noted at 0. */
  #notedAt(place: number): number {
    return Math.max(this.#bought[place]!, this.#signedIn[place]!);
  }
}

/** Of each name that is known: its place, both halves of its hash, and since when it bought and signed in. */
export interface SavedCustomers {
  readonly capacity: number;
  readonly rows: Uint32Array;
}

/**
 * The one person or client that a detector's key says has done it; `undefined` for a route, a network, a
 * country. Nor does `userId` say so: whose account it is, is whom it is done to, and most often a customer.
 */
export function personOf(key: Readonly<Record<string, string>>): Target | undefined {
  if (key["actor"] !== undefined) return actorTarget(key["actor"]);
  if (key["clientIp"] !== undefined) return { scope: "ip", value: key["clientIp"] };
  if (key["apiKey"] !== undefined) return { scope: "apiKey", value: key["apiKey"] };
  return key["sessionId"] === undefined ? undefined : { scope: "session", value: key["sessionId"] };
}

// helpers

/** As the guard counts purchases. */
function isPurchase(endpointClass: AccessEvent["endpointClass"]): boolean {
  return endpointClass === "checkout" || endpointClass === "payment";
}
