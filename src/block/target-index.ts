import type { Target } from "../detect/detection.ts";
import { type Network, ipv6ClientPrefix, parseNetwork } from "./address.ts";
import type { Action, Decision } from "./decision.ts";
import { NetworkMap } from "./network-map.ts";
import { targetNetwork } from "./target.ts";

/** Whoever asks, by every name a decision could know them by. */
export interface Subject {
  /** An address, or the /64 an IPv6 client is counted by. */
  readonly client?: Network | undefined;
  readonly userId?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly sessionId?: string | undefined;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string | undefined;
  readonly asn?: number | undefined;
}

type NamedScope = Exclude<Target["scope"], "ip" | "range">;
/** Mostly one; an array takes a tenth of a map's memory. */
type Held = Decision[];

/** Decisions by target, each target with all of its decisions. */
export class TargetIndex {
  readonly #networks = new NetworkMap<Held>();
  readonly #named: Readonly<Record<NamedScope, Map<string, Held>>> = {
    user: new Map(),
    apiKey: new Map(),
    session: new Map(),
    country: new Map(),
    as: new Map(),
  };
  /** Addresses and /64s by their text, so that a log line's client is found without being parsed. */
  readonly #clients = new Map<string, Held>();
  #otherRanges = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes a decision that is not in here yet. */
  add(decision: Decision): void {
    (this.#heldBy(decision) ?? this.#open(decision)).push(decision);
    this.#size++;
  }

  remove(decision: Decision): void {
    const held = this.#heldBy(decision);
    const at = held?.indexOf(decision) ?? -1;
    if (!held || at === -1) return;
    held.splice(at, 1);
    this.#size--;
    if (held.length === 0) this.#close(decision);
  }

  /** The decisions on exactly this target, in no order. */
  exactly(target: Target): readonly Decision[] {
    return this.#heldBy(target) ?? [];
  }

  /** All decisions on the subject, in no order. */
  *on(subject: Subject): Generator<Decision> {
    if (subject.client && this.#networks.size > 0) {
      for (const held of this.#networks.containing(subject.client)) yield* held;
    }
    yield* this.#onNames(subject);
  }

  /** The same for an event: its client by the canonical text that events carry. */
  *onEvent(clientKey: string | undefined, subject: Subject): Generator<Decision> {
    if (clientKey !== undefined) {
      if (this.#otherRanges > 0) yield* this.on({ client: parseNetwork(clientKey) });
      else yield* this.#clients.get(clientKey) ?? [];
    }
    yield* this.#onNames(subject);
  }

  /** Whether some decision is about the country or network of whoever asks. */
  get needsGeo(): boolean {
    return this.#named.country.size > 0 || this.#named.as.size > 0;
  }

  *#onNames(subject: Subject): Generator<Decision> {
    const { user, apiKey, session, country, as } = this.#named;
    if (subject.userId !== undefined) yield* user.get(subject.userId) ?? [];
    if (subject.apiKey !== undefined) yield* apiKey.get(subject.apiKey) ?? [];
    if (subject.sessionId !== undefined) yield* session.get(subject.sessionId) ?? [];
    if (subject.country !== undefined) yield* country.get(subject.country) ?? [];
    if (subject.asn !== undefined) yield* as.get(String(subject.asn)) ?? [];
  }

  #heldBy(target: Target): Held | undefined {
    const network = targetNetwork(target);
    return network ? this.#networks.get(network) : this.#named[target.scope as NamedScope].get(target.value);
  }

  #open(target: Target): Held {
    const held: Held = [];
    const network = targetNetwork(target);
    if (!network) this.#named[target.scope as NamedScope].set(target.value, held);
    else {
      this.#networks.set(network, held);
      if (isClient(network)) this.#clients.set(target.value, held);
      else this.#otherRanges++;
    }
    return held;
  }

  #close(target: Target): void {
    const network = targetNetwork(target);
    if (!network) this.#named[target.scope as NamedScope].delete(target.value);
    else {
      this.#networks.delete(network);
      if (isClient(network)) this.#clients.delete(target.value);
      else this.#otherRanges--;
    }
  }
}

const hardness: Readonly<Record<Action, number>> = { throttle: 1, captcha: 2, ban: 3 };

/** Whether `a` is a harder answer than `b`: ban, then captcha, then throttle. */
export function isHarder(a: Action, b: Action): boolean {
  return hardness[a] > hardness[b];
}

/** The decision that prevails: the hardest, and of equals the one that lasts longest. */
export function strongest(decisions: Iterable<Decision>): Decision | undefined {
  let best: Decision | undefined;
  for (const decision of decisions) {
    if (!best || isHarder(decision.action, best.action)) best = decision;
    else if (decision.action === best.action && decision.until > best.until) best = decision;
  }
  return best;
}

// helpers

function isClient(network: Network): boolean {
  return network.prefix === (network.version === 4 ? 32 : ipv6ClientPrefix);
}
