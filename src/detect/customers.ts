import type { AccessEvent } from "../normalize/access-event.ts";
import { actorTarget } from "./actor-target.ts";
import type { Target } from "./detection.ts";
import { hashed, hashKey } from "./hash.ts";
import { KeyTable } from "./key-table.ts";

/** What speaks for somebody being a customer: bought something; or only signed in; or neither. */
export type Standing = "bought" | "signedIn" | "neither";

/** 21 bytes each: two names or so for each of a hundred thousand customers in 5 MiB. */
const defaultCapacity = 262_144;
/** So that a user and a session of the same name are two. */
const salts = { ip: 0, user: 0x9e3779b1, apiKey: 0x85ebca6b, session: 0xc2b2ae35 } as const;
/** Numbers that are saved of one name. */
const rowWidth = 6;

/**
 * Who bought and who signed in, and since when: by client, user, API key and session. A table that never
 * grows; where there is no room, who did neither for longest is forgotten, and counted.
 */
export class Customers {
  readonly #names: KeyTable;
  /** By name: since when, in seconds since the epoch; 0: never. */
  readonly #bought: Uint32Array;
  readonly #signedIn: Uint32Array;

  /** `capacity` in names, rounded up to a power of two. */
  constructor(capacity: number = defaultCapacity) {
    this.#names = new KeyTable(capacity, {
      onEvict: (row) => {
        this.#bought[row] = this.#signedIn[row] = 0;
      },
      isPinned: () => false,
    });
    this.#bought = new Uint32Array(this.#names.capacity);
    this.#signedIn = new Uint32Array(this.#names.capacity);
  }

  get forgotten(): number {
    return this.#names.evicted;
  }

  /** Takes note of a purchase or a sign-in that succeeded; every other event costs two comparisons. */
  see(event: AccessEvent): void {
    if (!event.attempt || event.outcome !== "ok") return;
    const { endpointClass, clientKey, userId, apiKey, sessionId } = event;
    const column = endpointClass === "login" ? this.#signedIn : isPurchase(endpointClass) ? this.#bought : undefined;
    if (column === undefined) return;
    const second = Math.floor(event.time / 1000);
    if (clientKey !== undefined) this.#note(column, second, hashOf("ip", clientKey));
    if (userId !== undefined) this.#note(column, second, hashOf("user", userId));
    if (apiKey !== undefined) this.#note(column, second, hashOf("apiKey", apiKey));
    if (sessionId !== undefined) this.#note(column, second, hashOf("session", sessionId));
  }

  /** What is known of one client, user, API key or session before `time`; `undefined` for a target of many. */
  of({ scope, value }: Target, time: number): Standing | undefined {
    if (scope === "country" || scope === "as") return undefined;
    const { hi, lo } = hashOf(scope === "range" ? "ip" : scope, value);
    const row = this.#names.find(hi, lo);
    if (row === -1) return "neither";
    const before = (at: number) => at !== 0 && at * 1000 < time;
    if (before(this.#bought[row]!)) return "bought";
    return before(this.#signedIn[row]!) ? "signedIn" : "neither";
  }

  /** Taken every few seconds while everything waits: without an object for each name. */
  save(): SavedCustomers {
    const names = this.#names;
    const live = names.live(0);
    const rows = new Uint32Array(live.length * rowWidth);
    let at = 0;
    for (const row of live) {
      rows[at++] = names.hi[row]!;
      rows[at++] = names.lo[row]!;
      rows[at++] = names.seen[row]!;
      rows[at++] = names.touches[row]!;
      rows[at++] = this.#bought[row]!;
      rows[at++] = this.#signedIn[row]!;
    }
    return { rows };
  }

  /** Goes on with what was saved. */
  load({ rows }: SavedCustomers): void {
    for (let i = 0; i < rows.length; i += rowWidth) {
      const age = { seen: rows[i + 2]!, touches: rows[i + 3]! };
      const row = this.#names.restore({ hi: rows[i]!, lo: rows[i + 1]! }, age);
      this.#bought[row] = rows[i + 4]!;
      this.#signedIn[row] = rows[i + 5]!;
    }
  }

  /** The first time counts, in whatever order they come. */
  #note(column: Uint32Array, second: number, name: { readonly hi: number; readonly lo: number }): void {
    const row = this.#names.claim(name, second, 0);
    if (column[row] === 0 || second < column[row]!) column[row] = second;
  }
}

/** Of each name that is known: its hash, when and how often it was seen, and since when it bought and signed in. */
export interface SavedCustomers {
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

/** The hash of a name of one kind; read before the next is made. */
function hashOf(kind: keyof typeof salts, name: string): { readonly hi: number; readonly lo: number } {
  hashKey(name);
  hashed.hi = (hashed.hi ^ salts[kind]) >>> 0;
  hashed.lo = (hashed.lo ^ salts[kind]) >>> 0 || 1;
  return hashed;
}

/** As the guard counts purchases. */
function isPurchase(endpointClass: AccessEvent["endpointClass"]): boolean {
  return endpointClass === "checkout" || endpointClass === "payment";
}
