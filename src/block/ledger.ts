import type { Target } from "../detect/detection.ts";
import type { Clock } from "../clock.ts";
import { type Network, parseAddress, parseNetwork } from "./address.ts";
import type { Decision, WouldHaveHit } from "./decision.ts";
import { EndedDecisions, type EndedDecision } from "./ended-decisions.ts";
import { TargetIndex, strongest } from "./target-index.ts";
import { targetKey } from "./target.ts";
import { WouldHaveHits } from "./would-have-hits.ts";

/** Whoever asks, as a request or a log line names them. */
export interface Requester {
  /** An address; an IPv6 one is also found by its /64. */
  readonly clientIp?: string | undefined;
  readonly userId?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly country?: string | undefined;
  readonly asn?: number | undefined;
}

/** One event, as much of it as tells whether a dry run would have hit it. */
export interface SeenEvent extends Omit<Requester, "clientIp"> {
  /** The address, or the /64 of an IPv6 client: the event's `clientKey`. */
  readonly clientKey: string | undefined;
  readonly outcome: string;
  readonly endpointClass: string;
  /** A shop event is no request; that of an attempt tells how it ended. */
  readonly origin: "gateway" | "shop";
  readonly attempt: boolean;
}

/** What gateways are told now that they weren't before, and what no longer. */
export interface LedgerChange {
  readonly added: readonly Decision[];
  readonly ended: readonly Decision[];
}

/** A decision that is served, and the ledger's revision since when it is served as it is. */
export interface ServedDecision {
  readonly decision: Decision;
  readonly revision: number;
}

/** About 400 MiB with what each rule said; more is no list of attackers but a sign of a broken rule. */
const defaultCapacity = 200_000;

/**
 * All decisions that hold, in memory, and those of the past day. Holds what it is given: judging
 * and saving come before. What is served to gateways is the active ones that are no dry run, and
 * nothing at all while `serving` is off.
 */
export class DecisionLedger {
  readonly capacity: number;
  /** Whom the dry runs that hold would have hit so far. */
  readonly hits = new WouldHaveHits();
  readonly #clock: Clock;
  readonly #current = new Map<string, ServedDecision>();
  readonly #byNumber = new Map<number, string>();
  readonly #served = new TargetIndex();
  readonly #dryRuns = new TargetIndex();
  readonly #asked = new TargetIndex();
  readonly #ended: EndedDecisions;
  readonly #listeners = new Set<(change: LedgerChange) => void>();
  #revision = 0;
  #lastId = 0;
  #serving = true;
  #servingSince: { revision: number; time: number } = { revision: 0, time: 0 };
  /** No current decision ends before this. */
  #nextEnd = Number.POSITIVE_INFINITY;

  constructor(options: { clock: Clock; capacity?: number }) {
    this.#clock = options.clock;
    this.capacity = options.capacity ?? defaultCapacity;
    this.#ended = new EndedDecisions({ clock: options.clock });
  }

  /** Rises with every change of what is served. */
  get revision(): number {
    return this.#revision;
  }

  /** Decisions that hold or wait for a person, dry runs included. */
  get size(): number {
    return this.#current.size;
  }

  /** Those that gateways are told of, while `serving` is on. */
  get servedSize(): number {
    return this.#served.size;
  }

  get full(): boolean {
    return this.#current.size >= this.capacity;
  }

  get serving(): boolean {
    return this.#serving;
  }

  /** When serving was last switched on or off, epoch ms; 0 when never. */
  get servingSince(): number {
    return this.#servingSince.time;
  }

  /** Ids ascend, over restarts too: given the last one that was saved. */
  startIdsAfter(id: number): void {
    this.#lastId = Math.max(this.#lastId, id);
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** Takes a decision, or a newer version of one it holds; an older version changes nothing. */
  put(...decisions: readonly Decision[]): void {
    const change = { added: [] as Decision[], ended: [] as Decision[] };
    this.#revision++;
    for (const decision of decisions) this.#putOne(decision, change);
    this.#tell(change);
  }

  get(uuid: string): Decision | undefined {
    return this.#current.get(uuid)?.decision ?? this.#ended.get(uuid)?.decision;
  }

  byId(id: number): Decision | undefined {
    const uuid = this.#byNumber.get(id);
    return uuid === undefined ? this.#ended.byId(id)?.decision : this.get(uuid);
  }

  /** All decisions on exactly this target, of the past day, the newest first. */
  onTarget(target: Target): Decision[] {
    const current = [this.#served, this.#dryRuns, this.#asked].flatMap((index) => index.exactly(target));
    return [...current, ...this.#ended.onTarget(targetKey(target))].sort((a, b) => b.id - a.id);
  }

  /** All that hold or wait for a person. */
  *current(): Generator<Decision> {
    for (const { decision } of this.#current.values()) yield decision;
  }

  /** Those that ended within the past day, and those the guard refused. */
  *past(): Generator<Decision> {
    for (const { decision } of this.#ended.all()) yield decision;
  }

  /** The strongest decision that is served to whoever asks. Works from memory, in microseconds. */
  matching(requester: Requester): Decision | undefined {
    if (!this.#serving || this.#served.size === 0) return undefined;
    const client = requester.clientIp === undefined ? undefined : parseAddress(requester.clientIp);
    return strongest(this.#holding(this.#served.on({ ...requester, client })));
  }

  /** Every current decision that is about this address, dry runs and asked ones included. */
  *about(address: string): Generator<Decision> {
    const client = parseNetwork(address);
    if (!client) return;
    for (const index of [this.#served, this.#dryRuns, this.#asked]) yield* index.on({ client });
  }

  /** Whether finding out who asks needs their country or network. */
  get needsGeo(): boolean {
    return this.#served.needsGeo;
  }

  /** Counts an event against the dry runs it would have been refused by; costs nothing where there are none. */
  seen(event: SeenEvent): void {
    if (this.#dryRuns.size === 0) return;
    for (const decision of this.#holding(this.#dryRuns.onEvent(event.clientKey, event))) {
      this.hits.count(decision.uuid, event);
    }
  }

  wouldHaveHit(uuid: string): WouldHaveHit | undefined {
    return this.hits.of(uuid) ?? this.get(uuid)?.wouldHaveHit;
  }

  /** Off: nothing is served, and gateways are told that all has ended. On again: they are told all anew. */
  setServing(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    this.#servingSince = { revision: ++this.#revision, time: this.#clock.now() };
    const all = [...this.#current.values()].map((entry) => entry.decision).filter(isServed);
    for (const listener of this.#listeners) {
      listener(serving ? { added: all, ended: [] } : { added: [], ended: all });
    }
  }

  /** Ends what has run out; gives it back, to be saved. */
  expire(): Decision[] {
    const now = this.#clock.now();
    if (now < this.#nextEnd) return [];
    const due: Decision[] = [];
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const { decision } of this.#current.values()) {
      if (decision.until > now) this.#nextEnd = Math.min(this.#nextEnd, decision.until);
      else due.push(this.#expired(decision));
    }
    if (due.length > 0) this.put(...due);
    return due;
  }

  /** What gateways should hold now: all of it, or what contains this address or range. */
  *served(network?: Network): Generator<ServedDecision> {
    if (!this.#serving) return;
    const all = network ? this.#served.on({ client: network }) : this.current();
    for (const decision of this.#holding(all)) {
      const revision = this.#current.get(decision.uuid)?.revision ?? 0;
      if (isServed(decision)) yield { decision, revision: Math.max(revision, this.#servingSince.revision) };
    }
  }

  /** What gateways may still hold and should not: those that ended within a day, all while `serving` is off. */
  *noLongerServed(): Generator<EndedDecision> {
    for (const ended of this.#ended.all()) if (ended.decision.servedAt !== undefined) yield ended;
    if (this.#serving) return;
    const { revision, time } = this.#servingSince;
    for (const { decision } of this.#current.values()) {
      if (isServed(decision)) yield { decision, revision, endedAt: time };
    }
  }

  /** Calls `listener` after each change of what is served; the result ends that. */
  onChange(listener: (change: LedgerChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // helpers

  #putOne(decision: Decision, change: { added: Decision[]; ended: Decision[] }): void {
    const before = this.get(decision.uuid);
    if (before && before.version >= decision.version) return;
    this.startIdsAfter(decision.id);
    this.#forget(decision.uuid);
    const served = before !== undefined && isServed(before);
    if (decision.state === "active" || decision.state === "asked") {
      this.#hold(decision);
      if (isServed(decision)) change.added.push(decision);
    } else {
      this.#ended.add({ decision, revision: this.#revision, endedAt: endOf(decision) });
      this.hits.forget(decision.uuid);
      if (served) change.ended.push(decision);
    }
  }

  #hold(decision: Decision): void {
    this.#current.set(decision.uuid, { decision, revision: this.#revision });
    this.#byNumber.set(decision.id, decision.uuid);
    this.#nextEnd = Math.min(this.#nextEnd, decision.until);
    this.#indexOf(decision).add(decision);
  }

  #forget(uuid: string): void {
    this.#ended.delete(uuid);
    const entry = this.#current.get(uuid);
    if (!entry) return;
    this.#current.delete(uuid);
    this.#byNumber.delete(entry.decision.id);
    this.#indexOf(entry.decision).remove(entry.decision);
  }

  #indexOf(decision: Decision): TargetIndex {
    if (decision.state === "asked") return this.#asked;
    return decision.dryRun ? this.#dryRuns : this.#served;
  }

  #expired(decision: Decision): Decision {
    const wouldHaveHit = this.hits.of(decision.uuid);
    return {
      ...decision,
      version: decision.version + 1,
      state: "expired",
      ...(wouldHaveHit ? { wouldHaveHit } : {}),
    };
  }

  *#holding(decisions: Iterable<Decision>): Generator<Decision> {
    const now = this.#clock.now();
    for (const decision of decisions) if (decision.until > now) yield decision;
  }

  #tell(change: LedgerChange): void {
    if (!this.#serving || change.added.length + change.ended.length === 0) return;
    for (const listener of this.#listeners) listener(change);
  }
}

/** Whether gateways are told of it: it stands, and is no dry run. */
export function isServed(decision: Decision): boolean {
  return decision.state === "active" && !decision.dryRun;
}

/** When it ended, or will. One that was refused never began. */
export function endOf(decision: Decision): number {
  return decision.state === "refused" ? decision.createdAt : (decision.liftedAt ?? decision.until);
}
