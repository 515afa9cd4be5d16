import type { AccessEvent } from "../normalize/access-event.ts";
import { hashed } from "./hash.ts";
import { hashClient, hashUser } from "./key-hash.ts";
import { UserBitmaps } from "./user-bitmaps.ts";

/**
 * A user who succeeded from a client, for the first time in a stretch of time: the client's hash, the user's
 * or as many bits of it as `UserBitmaps` looks at, epoch ms.
 */
export interface Success {
  readonly hi: number;
  readonly lo: number;
  readonly user: number;
  readonly time: number;
}

/**
 * What events of at most a minute tell `TrafficMemory`, in as little as it needs. Put together in any
 * order, they settle the same.
 */
export interface TrafficFacts {
  /** Event times, epoch ms. */
  readonly earliest: number;
  readonly newest: number;
  /** Some told a user, and where from. */
  readonly tellsUsers: boolean;
  readonly successes: readonly Success[];
  /** Low bits of the hashes of clients that came, and of those whose login failed. */
  readonly clients: readonly number[];
  readonly failing: readonly number[];
  readonly logins: number;
  readonly failedLogins: number;
  readonly checkouts: number;
  /** Requests with a client, users who succeeded, and where there are none user agents; each with its client. */
  readonly requests: number;
  readonly users: readonly { readonly user: number; readonly clientKey: string }[];
  readonly agents: readonly { readonly agent: string; readonly clientKey: string }[];
}

/** As many bits of a client's hash as are looked at. */
const clientBits = 0xffff;
/** User agents of one stretch of time; further ones are seen in the next. */
const maxAgents = 256;

/** What an application takes for the client may be its proxy: such events alone tell of nobody behind the others. */
export function tellsWhere(event: AccessEvent): boolean {
  return event.origin === "gateway" || event.clientIpTrust === "certain";
}

/**
 * A success that only the user can have. Anybody signs up, or asks for a new password for any name: who
 * does so for fifty is no fifty people.
 */
export function provesUser({ outcome, endpointClass }: AccessEvent): boolean {
  return outcome === "ok" && endpointClass !== "signup" && endpointClass !== "password_reset";
}

export function isFailedLogin(event: AccessEvent): boolean {
  return event.attempt && event.endpointClass === "login" && event.outcome === "failed" && !event.enforced;
}

/** A login that tells how it ended, or a purchase that succeeded; each attempt once. */
export function attemptOf(event: AccessEvent): "login" | "checkout" | undefined {
  const { attempt, endpointClass, enforced, outcome } = event;
  if (!attempt) return undefined;
  if (endpointClass === "login" && !enforced && (outcome === "ok" || outcome === "failed")) return "login";
  if (outcome !== "ok") return undefined;
  return endpointClass === "checkout" || endpointClass === "payment" ? "checkout" : undefined;
}

/** Gathers the facts of events that are of one minute. */
export class TrafficGathering {
  #earliest = Infinity;
  #newest = 0;
  #tellsUsers = false;
  /** By user and client; two of one number are told apart by comparing. */
  readonly #successes = new Map<number, Success[]>();
  readonly #clients = new Set<number>();
  readonly #failing = new Set<number>();
  #logins = 0;
  #failedLogins = 0;
  #checkouts = 0;
  #requests = 0;
  readonly #users = new Map<number, string>();
  readonly #agents = new Map<string, string>();

  see(event: AccessEvent): void {
    const { time, clientKey, userId, userAgent } = event;
    if (time > this.#newest) this.#newest = time;
    if (time < this.#earliest) this.#earliest = time;
    const kind = attemptOf(event);
    if (kind === "checkout") this.#checkouts++;
    else if (kind === "login") {
      this.#logins++;
      if (event.outcome === "failed") this.#failedLogins++;
    }
    if (clientKey === undefined) return;
    if (userId !== undefined && tellsWhere(event)) this.#tellsUsers = true;
    hashClient(clientKey);
    const { hi, lo } = hashed;
    const isRequest = event.origin === "gateway";
    if (isRequest) {
      this.#clients.add(lo & clientBits);
      this.#requests++;
    }
    if (isFailedLogin(event)) this.#failing.add(lo & clientBits);
    if (userId !== undefined && provesUser(event)) {
      hashUser(userId);
      const user = hashed.lo;
      this.#succeeded({ hi, lo, user: UserBitmaps.bitOf(user), time });
      if (isRequest && !this.#users.has(user)) this.#users.set(user, clientKey);
    } else if (isRequest && userAgent !== undefined && this.#users.size === 0 && this.#agents.size < maxAgents) {
      if (!this.#agents.has(userAgent)) this.#agents.set(userAgent, clientKey);
    }
  }

  /** What was gathered, which is forgotten. */
  take(): TrafficFacts {
    const facts = {
      earliest: this.#earliest,
      newest: this.#newest,
      tellsUsers: this.#tellsUsers,
      successes: [...this.#successes.values()].flat(),
      clients: [...this.#clients].sort((a, b) => a - b),
      failing: [...this.#failing].sort((a, b) => a - b),
      logins: this.#logins,
      failedLogins: this.#failedLogins,
      checkouts: this.#checkouts,
      requests: this.#requests,
      users: [...this.#users].map(([user, clientKey]) => ({ user, clientKey })),
      agents: this.#users.size > 0 ? [] : [...this.#agents].map(([agent, clientKey]) => ({ agent, clientKey })),
    };
    this.#earliest = Infinity;
    this.#newest = this.#logins = this.#failedLogins = this.#checkouts = this.#requests = 0;
    this.#tellsUsers = false;
    for (const all of [this.#successes, this.#clients, this.#failing, this.#users, this.#agents]) all.clear();
    return facts;
  }

  /** The first time of each counts. */
  #succeeded(success: Success): void {
    const { hi, lo, user, time } = success;
    const number = lo ^ user;
    const known = this.#successes.get(number);
    if (known === undefined) {
      this.#successes.set(number, [success]);
      return;
    }
    const at = known.findIndex((one) => one.hi === hi && one.lo === lo && one.user === user);
    if (at === -1) known.push(success);
    else if (time < known[at]!.time) known[at] = success;
  }
}
