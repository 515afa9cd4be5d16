import type { AccessEvent } from "../normalize/access-event.ts";
import { hashed } from "./hash.ts";
import { hashClient, hashUser } from "./key-hash.ts";
import { attemptOf, isFailedLogin, provesUser, tellsWhere, type TrafficFacts } from "./traffic-facts.ts";
import { picked } from "./picked.ts";
import { type MisplacedTrust, ProxyShare, type SavedShare } from "./proxy-share.ts";
import { KeyTable } from "./key-table.ts";
import type { SaveExtent } from "./save-extent.ts";
import { restoreKeys, rowsToSave, type SavedKeys, saveKeys } from "./saved-keys.ts";
import { MinuteRing, type SavedRing } from "./minute-ring.ts";
import { RecentClients, type SavedClients } from "./recent-clients.ts";
import { type SavedSettled, SettledUsers } from "./settled-users.ts";
import { type SavedUsers, UserBitmaps } from "./user-bitmaps.ts";

const minute = 60_000;
/** 2^16 bits a minute tell about 500,000 clients apart (linear counting; 2 % error at 100,000). */
const activeBits = 65_536;
const activeMinutes = 10;
/** Clients whose login failed: more than a thousand at once is an outage or a large attack either way. */
const failedBits = 2_048;
const failedMinutes = 4;

/**
 * A flood of strangers who succeed once must not wash out whom many succeed behind: with sixteen successes
 * an address outlasts them by half an hour.
 */
const secondsPerDoubling = 600;

/**
 * What the guard has to know before anybody is blocked: who succeeded from which client, how many
 * clients there are, how logins and checkouts fare. By event time.
 */
export class TrafficMemory {
  readonly #clients: KeyTable;
  /** By client: users who succeeded within a day. */
  readonly #users: UserBitmaps;
  readonly #settled: SettledUsers;
  readonly #firstSuccess: Float64Array;
  readonly #active = new RecentClients(activeBits, activeMinutes);
  readonly #failing = new RecentClients(failedBits, failedMinutes);
  readonly #logins = new MinuteRing(65);
  readonly #failedLogins = new MinuteRing(65);
  readonly #checkouts = new MinuteRing(65);
  #newest = 0;
  /** The first event that settles, and what is settled: epoch ms. */
  #from = Infinity;
  #settledUntil = 0;
  #usersSeen = false;
  #loginsTold = false;

  /** Whether most users seem to come from one address. */
  readonly share: ProxyShare;

  /** `clients`: rows preallocated for clients that had a success; `maxShare`: see `proxies.maxShare`. */
  constructor(clients: number, { maxShare = "off" }: { readonly maxShare?: number | "off" } = {}) {
    this.share = new ProxyShare({ maxShare, activeClients: () => this.activeClients() ?? 0 });
    this.#clients = new KeyTable(clients, {
      ...{ onEvict: (row) => this.#forget(row), isPinned: () => false },
      secondsPerDoubling,
    });
    const rows = this.#clients.capacity;
    this.#users = new UserBitmaps(rows);
    this.#settled = new SettledUsers(this.#clients);
    this.#firstSuccess = new Float64Array(rows);
  }

  get evicted(): number {
    return this.#clients.evicted;
  }

  /** `settles: false`: the event comes too late, or too early, to count in what is settled. */
  see(event: AccessEvent, { settles }: { readonly settles: boolean } = { settles: true }): void {
    if (event.time > this.#newest) this.#newest = event.time;
    if (settles && event.time < this.#from) this.#from = event.time;
    if (event.clientKey !== undefined) {
      if (event.userId !== undefined && tellsWhere(event)) {
        this.#usersSeen = true;
        if (settles) this.#settled.told(event.time);
      }
      hashClient(event.clientKey);
      const client = hashed.lo;
      if (event.origin === "gateway") this.#active.add(event.time, client);
      if (isFailedLogin(event)) this.#failing.add(event.time, client);
      const user = event.userId !== undefined && provesUser(event) ? this.#proven(event, settles) : 0;
      if (event.origin === "gateway") this.share.see(event, user);
    }
    const kind = attemptOf(event);
    if (kind === "checkout") this.#checkouts.add(event.time, 1);
    else if (kind === "login") this.#login(event.time, { attempts: 1, failed: event.outcome === "failed" ? 1 : 0 });
  }

  /** Takes in what was gathered elsewhere of some events, as if they had been seen here; `settles` as in `see`. */
  takeIn(facts: TrafficFacts, { settles }: { readonly settles: boolean }): void {
    const { earliest, newest } = facts;
    if (newest > this.#newest) this.#newest = newest;
    if (settles && earliest < this.#from) this.#from = earliest;
    if (facts.tellsUsers) {
      this.#usersSeen = true;
      if (settles) this.#settled.told(earliest);
    }
    for (const client of facts.clients) this.#active.add(newest, client);
    for (const client of facts.failing) this.#failing.add(newest, client);
    for (const { user, time, ...client } of facts.successes) this.#succeeded(client, { user, time, settles });
    this.share.takeIn(facts);
    if (facts.logins > 0) this.#login(newest, { attempts: facts.logins, failed: facts.failedLogins });
    if (facts.checkouts > 0) this.#checkouts.add(newest, facts.checkouts);
  }

  /** Distinct users who succeeded from this client within a day; `undefined` where the log has no users. */
  successfulUsers(clientKey: string): number | undefined {
    if (!this.#usersSeen) return undefined;
    const row = this.#rowOf(clientKey);
    if (row === -1) return 0;
    return this.#users.count(row, this.#newest);
  }

  /** The same as of the last full minute of event time that was settled: it depends on the events alone, not on their order. */
  settledUsers(clientKey: string): number | undefined {
    return this.#settled.count(this.#rowOf(clientKey));
  }

  /** Minutes of event time before `tick` are over. */
  settle(tick: number): void {
    if (tick > this.#settledUntil) this.#settledUntil = tick;
    this.#settled.settle(tick);
  }

  /** How long before the last full minute that was settled the first event was, ms. */
  get watchedMs(): number {
    return Math.max(0, this.#settledUntil - this.#from);
  }

  /** An event that came too early when it was seen settles with its minute after all. */
  settleLater(event: AccessEvent): void {
    const { clientKey, userId, time } = event;
    if (clientKey === undefined || userId === undefined) return;
    if (tellsWhere(event)) this.#settled.told(time);
    const row = provesUser(event) ? this.#rowOf(clientKey) : -1;
    if (row === -1) return;
    hashUser(userId);
    this.#settled.see(row, hashed.lo, time);
  }

  /** Whether this client had a success before `time`; `undefined` where the log has no users. */
  succeededBefore(clientKey: string, time: number): boolean | undefined {
    if (!this.#usersSeen) return undefined;
    const row = this.#rowOf(clientKey);
    return row !== -1 && this.#firstSuccess[row]! > 0 && this.#firstSuccess[row]! < time;
  }

  /** Distinct clients of the last ten minutes. */
  activeClients(): number | undefined {
    return this.#newest === 0 ? undefined : this.#active.count(this.#newest);
  }

  /**
   * The whole site's failed share of logins: the last five minutes, and the hour before (0 where there
   * was no traffic yet). `undefined` only where the log doesn't tell how a login ended.
   */
  loginFailedShare(): { now: number; before: number; attempts: number; failedClients: number } | undefined {
    if (!this.#loginsTold) return undefined;
    const now = Math.floor(this.#newest / minute);
    const attempts = this.#logins.sum(now - 4, now);
    const share = (from: number, to: number) =>
      this.#failedLogins.sum(from, to) / Math.max(1, this.#logins.sum(from, to));
    return {
      now: share(now - 4, now),
      before: share(now - 64, now - 5),
      attempts,
      failedClients: this.#failing.count(this.#newest),
    };
  }

  /** Successful checkouts a minute: the last two whole minutes, and the hour before. */
  checkoutRate(): { now: number; before: number } | undefined {
    const now = Math.floor(this.#newest / minute);
    const before = this.#checkouts.sum(now - 62, now - 3) / 60;
    return before === 0 ? undefined : { now: this.#checkouts.sum(now - 2, now - 1) / 2, before };
  }

  /** Why no client's address can be believed, if most users seem to come from one. */
  proxyTrust(): { address: string; reason: string } | undefined {
    const { found } = this.share;
    return found && { address: found.address, reason: reasonOf(found) };
  }

  /** As plain data, in few arrays: there may be hundreds of thousands of clients. Of these all, or those that changed. */
  save(extent: SaveExtent = "whole"): SavedMemory {
    const rows = rowsToSave(this.#clients, extent);
    return {
      ...saveKeys(this.#clients, rows),
      firstSuccess: picked(this.#firstSuccess, rows),
      users: this.#users.save(rows),
      settled: this.#settled.save(rows),
      rings: [this.#logins, this.#failedLogins, this.#checkouts].map((ring) => ring.save()),
      clients: [this.#active, this.#failing].map((clients) => clients.save()),
      newest: this.#newest,
      from: this.#from,
      settledUntil: this.#settledUntil,
      usersSeen: this.#usersSeen,
      loginsTold: this.#loginsTold,
      share: this.share.save(),
    };
  }

  /** Puts back what was saved: whole first, then in changes. */
  load(...saves: readonly SavedMemory[]): void {
    const { now, moved } = restoreKeys(this.#clients, saves);
    for (const [save, { users, settled, firstSuccess }] of saves.entries()) {
      for (const [place, row] of now[save]!.entries()) {
        if (row === -1) continue;
        this.#firstSuccess[row] = firstSuccess[place]!;
        this.#users.load(row, users, place);
      }
      this.#settled.loadRows(settled, now[save]!);
    }
    const saved = saves.at(-1)!;
    this.#settled.loadPending(saved.settled, moved);
    this.#newest = saved.newest;
    this.#from = saved.from ?? Infinity;
    this.#settledUntil = saved.settledUntil ?? 0;
    this.#usersSeen = saved.usersSeen;
    this.#loginsTold = saved.loginsTold;
    if (saved.share !== undefined) this.share.load(saved.share);
    [this.#logins, this.#failedLogins, this.#checkouts].forEach((ring, i) => ring.load(saved.rings[i]!));
    [this.#active, this.#failing].forEach((clients, i) => clients.load(saved.clients[i]!));
  }

  #login(time: number, { attempts, failed }: { attempts: number; failed: number }): void {
    this.#loginsTold = true;
    this.#logins.add(time, attempts);
    if (failed > 0) this.#failedLogins.add(time, failed);
  }

  /** The event's client was hashed last. Answers with 32 bits that stand for the user. */
  #proven({ userId, time }: AccessEvent, settles: boolean): number {
    const { hi, lo } = hashed;
    hashUser(userId!);
    const user = hashed.lo;
    return this.#succeeded({ hi, lo }, { user, time, settles }) ? user : 0;
  }

  /** False when that is a day late. */
  #succeeded(
    client: { readonly hi: number; readonly lo: number },
    { user, time, settles }: { user: number; time: number; settles: boolean },
  ): boolean {
    const second = Math.floor(time / 1000);
    const row = this.#clients.claim(client, second, second - 86_400);
    const first = this.#firstSuccess[row]!;
    if (first === 0 || time < first) this.#firstSuccess[row] = time;
    if (settles) this.#settled.see(row, user, time);
    return this.#users.add(row, UserBitmaps.bitOf(user), time);
  }

  #rowOf(clientKey: string): number {
    hashClient(clientKey);
    return this.#clients.find(hashed.hi, hashed.lo);
  }

  #forget(row: number): void {
    this.#users.forget(row);
    this.#settled.forget(row);
    this.#firstSuccess[row] = 0;
  }
}

/** Clients by their place among the keys. */
export interface SavedMemory extends SavedKeys {
  readonly firstSuccess: Float64Array;
  readonly users: SavedUsers;
  readonly settled: SavedSettled;
  readonly rings: readonly SavedRing[];
  readonly clients: readonly SavedClients[];
  readonly newest: number;
  /** Missing in what a version without them saved. */
  readonly from?: number;
  readonly settledUntil?: number;
  readonly usersSeen: boolean;
  readonly loginsTold: boolean;
  /** Missing in what a version without it saved. */
  readonly share?: SavedShare;
}

function reasonOf({ address, share, of }: MisplacedTrust): string {
  return `${Math.round(share * 100)} % of all ${of} come from ${address}: it is most likely a proxy that proxies.trusted lacks`;
}
