import type { AccessEvent } from "../normalize/access-event.ts";
import { type SavedTop, TopKeys } from "./top-keys.ts";
import type { TrafficFacts } from "./traffic-facts.ts";

/** One address that stands for most users: most likely a hop of ours that nobody named. */
export interface MisplacedTrust {
  /** The address, or the /64 of an IPv6 address. */
  readonly address: string;
  /** Of all users, or user agents: 0 to 1. */
  readonly share: number;
  readonly counted: number;
  readonly of: "users" | "user agents";
  /** The beginning of the ten minutes in which it was found, epoch ms of event time. */
  readonly since: number;
}

/** Ten minutes of event time: long enough for a small shop to be judged, short enough to notice soon. */
const windowMs = 10 * 60_000;
/** Fewer users behind one address may be an office; with fewer requests nothing can be told. */
const leastUsers = 50;
const leastRequests = 1_000;
/** Users told apart within a window; beyond some hundred thousand, those that came first stand for all. */
const userBits = 65_536;
/** User agents told apart within a window. */
const maxAgents = 4_096;
/** Whoever sends many user agents can't make other clients go away: only where there are hardly any is it a sign. */
const mostClients = 11;
/** Windows in a row in which too little came to judge, until what was found is forgotten: an hour. */
const patience = 6;
/** Enough to be sure of whoever has a quarter of all, within 6 %. */
const places = 16;

/**
 * Notices that most users seem to come from one address. Users who succeeded are counted, since a
 * login that fails costs an attacker nothing; each once in a window, where it was seen first. Where
 * the log has no users, user agents are a weaker sign, at a higher share and with hardly any other
 * client beside. A fixed amount of memory; decided by event time alone.
 */
export class ProxyShare {
  #maxShare: number;
  readonly #activeClients: () => number;
  /** Of the window under way; 0 before the first event. */
  #end = 0;
  #requests = 0;
  #users = 0;
  readonly #seenUsers = new Uint32Array(userBits / 32);
  readonly #byUsers = new TopKeys(places);
  /** Users succeeded in the window before. */
  #hadUsers = false;
  readonly #agents = new Set<string>();
  readonly #byAgents = new TopKeys(places);
  #found: MisplacedTrust | undefined;
  #undecided = 0;
  #lastShare = 0;

  /** `activeClients`: different clients of the last minutes. */
  constructor(options: { readonly maxShare: number | "off"; readonly activeClients: () => number }) {
    this.#maxShare = shareOf(options.maxShare);
    this.#activeClients = options.activeClients;
  }

  /** What is found now, if anything. */
  get found(): MisplacedTrust | undefined {
    return this.#found;
  }

  /** The largest share of users that one address had, in the last window that could be judged. */
  get lastShare(): number {
    return this.#lastShare;
  }

  /** Another bound from now on. */
  limit(maxShare: number | "off"): void {
    this.#maxShare = shareOf(maxShare);
    if (this.#found !== undefined && this.#found.share <= this.#maxShare) this.forget();
  }

  /** Forgets what was found and counted: trust was mended. It is found again if it was not. */
  forget(): void {
    this.#found = undefined;
    this.#begin();
  }

  /** `userHash`: 32 bits for the user who succeeded, or 0 where there was none. */
  see(event: AccessEvent, userHash: number): void {
    const { time, clientKey } = event;
    if (time >= this.#end) this.#roll(time);
    else if (time < this.#end - windowMs) return;
    if (clientKey === undefined) return;
    this.#requests++;
    if (this.#requests === leastRequests) this.#lookAtUsers();
    if (userHash !== 0) this.#user(userHash, clientKey);
    else if (event.userAgent !== undefined) this.#agent(event.userAgent, clientKey);
  }

  /** Takes in what was gathered elsewhere. */
  takeIn({ newest, requests, users, agents }: TrafficFacts): void {
    if (requests === 0) return;
    if (newest >= this.#end) this.#roll(newest);
    else if (newest < this.#end - windowMs) return;
    const isEnough = this.#requests < leastRequests && this.#requests + requests >= leastRequests;
    this.#requests += requests;
    if (isEnough) this.#lookAtUsers();
    for (const { user, clientKey } of users) this.#user(user, clientKey);
    for (const { agent, clientKey } of agents) this.#agent(agent, clientKey);
  }

  save(): SavedShare {
    return {
      end: this.#end,
      requests: this.#requests,
      users: this.#users,
      seenUsers: this.#seenUsers.slice(),
      byUsers: this.#byUsers.save(),
      hadUsers: this.#hadUsers,
      agents: [...this.#agents],
      byAgents: this.#byAgents.save(),
      found: this.#found,
      undecided: this.#undecided,
    };
  }

  load(saved: SavedShare): void {
    this.#end = saved.end;
    this.#requests = saved.requests;
    this.#users = saved.users;
    this.#seenUsers.set(saved.seenUsers);
    this.#byUsers.load(saved.byUsers);
    this.#hadUsers = saved.hadUsers;
    for (const agent of saved.agents) this.#agents.add(agent);
    this.#byAgents.load(saved.byAgents);
    this.#found = saved.found;
    this.#undecided = saved.undecided;
  }

  #user(hash: number, clientKey: string): void {
    const bit = hash & (userBits - 1);
    const word = bit >>> 5;
    const mask = 1 << (bit & 31);
    if ((this.#seenUsers[word]! & mask) !== 0) return;
    this.#seenUsers[word]! |= mask;
    this.#users++;
    this.#byUsers.add(clientKey);
    if (this.#requests >= leastRequests) this.#lookAtUsers();
  }

  #agent(agent: string, clientKey: string): void {
    if (this.#hadUsers || this.#users > 0 || this.#agents.size >= maxAgents || this.#agents.has(agent)) return;
    this.#agents.add(agent);
    this.#byAgents.add(clientKey);
  }

  /** At once, since every block until the window's end would hit everybody. */
  #lookAtUsers(): void {
    if (this.#found === undefined && this.#users >= leastUsers) this.#found = this.#ofUsers();
  }

  /** The window is over: what does it say of what was found? */
  #roll(time: number): void {
    if (this.#end > 0) {
      const skipped = Math.floor((time - this.#end) / windowMs);
      this.#judge();
      this.#undecided += skipped;
      if (this.#undecided >= patience) this.#found = undefined;
      this.#hadUsers = this.#users > 0 && skipped === 0;
    }
    this.#end = (Math.floor(time / windowMs) + 1) * windowMs;
    this.#begin();
  }

  #judge(): void {
    const isEnough = this.#requests >= leastRequests && (this.#users || this.#agents.size) >= leastUsers;
    if (!isEnough) {
      this.#undecided++;
      return;
    }
    this.#undecided = 0;
    const found = this.#users > 0 ? this.#ofUsers() : this.#ofAgents();
    this.#lastShare = shareIn(this.#byUsers, this.#users);
    this.#found = found && {
      ...found,
      since: found.address === this.#found?.address ? this.#found.since : found.since,
    };
  }

  #ofUsers(): MisplacedTrust | undefined {
    return this.#beyond(this.#maxShare, { of: "users", top: this.#byUsers, counted: this.#users });
  }

  #ofAgents(): MisplacedTrust | undefined {
    if (this.#activeClients() > mostClients) return undefined;
    const bound = this.#maxShare + (1 - this.#maxShare) * 0.8;
    return this.#beyond(bound, { of: "user agents", top: this.#byAgents, counted: this.#agents.size });
  }

  #beyond(
    bound: number,
    { of, top, counted }: { readonly of: MisplacedTrust["of"]; readonly top: TopKeys; readonly counted: number },
  ): MisplacedTrust | undefined {
    const first = top.top();
    if (first === undefined || first.least < leastUsers || first.least <= bound * counted) return undefined;
    return { address: first.key, share: first.least / counted, counted, of, since: this.#end - windowMs };
  }

  #begin(): void {
    this.#requests = 0;
    this.#users = 0;
    this.#seenUsers.fill(0);
    this.#byUsers.clear();
    this.#agents.clear();
    this.#byAgents.clear();
  }
}

export interface SavedShare {
  readonly end: number;
  readonly requests: number;
  readonly users: number;
  readonly seenUsers: Uint32Array;
  readonly byUsers: SavedTop;
  readonly hadUsers: boolean;
  readonly agents: readonly string[];
  readonly byAgents: SavedTop;
  readonly found: MisplacedTrust | undefined;
  readonly undecided: number;
}

/** With `off`, more than all: nothing is ever found. */
function shareOf(maxShare: number | "off"): number {
  return maxShare === "off" ? Infinity : maxShare;
}

function shareIn(top: TopKeys, counted: number): number {
  return counted === 0 ? 0 : (top.top()?.least ?? 0) / counted;
}
