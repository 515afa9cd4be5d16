import type { AddressReader, ClientAddress } from "./client-address.ts";
import type { Draft } from "./draft.ts";
import { ForwardedWalk } from "./forwarded.ts";
import type { ProxiesConfig } from "./proxies-config.ts";

/** Who asked, and whether that could be forged. One object is used again for every record. */
export interface ResolvedClient {
  address: ClientAddress | undefined;
  /** `guessed`: nothing may be blocked on it. */
  trust: "certain" | "guessed";
}

/** Where an address stood. */
export type AddressPlace = "gateway" | "peer" | "x-forwarded-for" | "forwarded" | "claimed";

/** Why the client is who it is taken for; what each means is told to people elsewhere. */
export type ClientReason =
  | "no-address" | "unreadable" | "header-alone" | "nth-entry" | "nth-entry-sure" | "not-ours" | "private" | "disputed"
  | "walked" | "walked-private" | "all-ours" | "both-headers" | "gateway-only" | "claimed"; // prettier-ignore

/** Is told each step of the way to the client, for people who ask; the service itself does without. */
export interface ClientTrace {
  /** An address was looked at. */
  look(place: AddressPlace, text: string, address: ClientAddress | undefined): void;
  /** What was decided; the last one holds. */
  decide(reason: ClientReason): void;
}

/** Fills `into` from the addresses and headers of a draft. */
export type ClientResolver = (draft: Draft, into: ResolvedClient) => void;

/** How the client is found; each absent one is as the configuration's default. */
export type ResolveRules = Partial<Pick<ProxiesConfig, "clientIpFrom" | "header" | "hops" | "everyRequestPassesHops">>;

/**
 * The rule of the rightmost untrusted hop. It starts from the address that the gateway itself saw
 * (or resolved). If that is not one of our own hops, it is the client, and headers are ignored: the
 * client wrote them. If it is, the headers are walked from right to left, past our own hops, to the
 * first address that is not ours: our own hop wrote it down. An entry that is no address ends the
 * walk, because whoever wrote it could have written anything to its left.
 *
 * Where two things that a request brings along contradict each other, the client may have written
 * either: then it is guessed.
 */
export function createClientResolver(
  read: AddressReader,
  rules: ResolveRules = {},
  trace?: ClientTrace,
): ClientResolver {
  const { clientIpFrom = "auto", header = "auto", hops = 0, everyRequestPassesHops = false } = rules;
  const headers: HeaderRules = { read, header, trace };
  const walked: ResolvedClient = { address: undefined, trust: "guessed" };
  // A gateway has few peers, and mostly the one of the line before.
  const last: { text: string | undefined; address: ClientAddress | undefined } = {
    text: undefined,
    address: undefined,
  };
  const readPeer = (text: string): ClientAddress | undefined => {
    if (text === last.text) return last.address;
    last.address = read(text);
    last.text = text.length <= longestKept ? text : undefined;
    return last.address;
  };

  /** Whether what else the record has speaks against the address that the gateway resolved. */
  const isDisputed = (draft: Draft, address: ClientAddress): boolean => {
    const { clientIp, peerIp } = draft;
    if (clientIpFrom === "gateway" || clientIp === undefined || peerIp === undefined) return false;
    const peer = clientIp === peerIp ? undefined : readPeer(peerIp);
    if (clientIp !== peerIp) trace?.look("peer", peerIp, peer);
    if (peer === undefined || peer.ip === address.ip) return false;
    // The gateway took it from what the peer sent. A stranger on the internet could send anything; a
    // private peer is a hop of ours that the gateway was told of, if not we.
    if (!peer.trusted && !peer.local) return true;
    // The usual case: the header has the same address and no other.
    if (trace === undefined && header !== "forwarded" && draft.forwardedFor === clientIp && !draft.forwarded)
      return false;
    walk(draft, headers, walked);
    return walked.address !== undefined && (walked.trust === "guessed" || walked.address.ip !== address.ip);
  };

  return (draft, into) => {
    const { clientIp, peerIp } = draft;
    const first = clientIpFrom === "forwarded" ? (peerIp ?? clientIp) : (clientIp ?? peerIp);
    const address = first === undefined ? undefined : read(first);
    into.address = address;
    into.trust = "guessed";
    if (first !== undefined) trace?.look(first === clientIp ? "gateway" : "peer", first, address);
    if (address === undefined) {
      trace?.decide(first === undefined ? "no-address" : "unreadable");
      // Without any socket address nobody can say who wrote the header, unless the operator does.
      if (first !== undefined || clientIpFrom === "gateway") return;
      if (hops === 0) {
        walk(draft, headers, into);
        into.trust = "guessed";
        trace?.decide(into.address === undefined ? "no-address" : "header-alone");
      } else {
        into.address = entryFromRight(draft, { ...headers, hops });
        const isSure = everyRequestPassesHops && !hasBoth(draft, header) && isOutside(into.address);
        into.trust = isSure ? "certain" : "guessed";
        if (into.address !== undefined) trace?.decide(isSure ? "nth-entry-sure" : "nth-entry");
      }
    } else if (!address.trusted) {
      // A private address that nobody named is most likely a hop that was forgotten.
      const isSure = !address.local && !isDisputed(draft, address);
      into.trust = isSure ? "certain" : "guessed";
      trace?.decide(isSure ? "not-ours" : address.local ? "private" : "disputed");
    } else if (clientIpFrom === "gateway") trace?.decide("gateway-only");
    else {
      walk(draft, headers, into);
      into.address ??= address;
    }
    // Better than nobody, or one of our own hops for everybody; but who wrote it is not known.
    if (draft.claimedIp !== undefined && (into.address === undefined || into.address.trusted)) {
      const claimed = read(draft.claimedIp);
      into.address = claimed ?? into.address;
      into.trust = "guessed";
      trace?.look("claimed", draft.claimedIp, claimed);
      if (claimed !== undefined) trace?.decide("claimed");
    }
  };
}

// helpers

interface HeaderRules {
  readonly read: AddressReader;
  readonly header: ProxiesConfig["header"];
  readonly trace: ClientTrace | undefined;
}

/** No chain of proxies is longer; who writes a longer one wants to keep us busy. */
const maxHops = 32;

/** A longer text may be a piece of a line, which it would keep in memory. */
const longestKept = 12;

/** An entry longer than any address with a port is none, and need not be cut out whole. */
const longestEntry = 256;

/** The first address from the right that is not ours, if there is one; certain when our hop wrote it. */
function walk(draft: Draft, rules: HeaderRules, into: ResolvedClient): void {
  const { forwardedFor, forwarded } = draft;
  const { header, trace } = rules;
  const one = header === "forwarded" || !forwardedFor ? undefined : walkList(forwardedFor, rules);
  const other = header === "x-forwarded-for" || !forwarded ? undefined : walkElements(forwarded, rules);
  into.address = one ?? other;
  // Our hop writes one of the two headers; a client can bring along the other.
  const isDisputed = hasBoth(draft, header) && one?.ip !== other?.ip;
  into.trust = isDisputed || !isOutside(into.address) ? "guessed" : "certain";
  trace?.decide(isDisputed ? "both-headers" : walkReason(into.address));
}

function walkReason(address: ClientAddress | undefined): ClientReason {
  if (address === undefined || address.trusted) return "all-ours";
  return address.local ? "walked-private" : "walked";
}

function hasBoth({ forwardedFor, forwarded }: Draft, header: ProxiesConfig["header"]): boolean {
  return header === "auto" && Boolean(forwardedFor) && Boolean(forwarded);
}

function walkList(list: string, { read, trace }: HeaderRules): ClientAddress | undefined {
  let end = list.length;
  for (let hop = 0; hop < maxHops && end >= 0; hop++) {
    const comma = list.lastIndexOf(",", end - 1);
    if (end === 0 || end - comma > longestEntry) return undefined;
    const text = list.slice(comma + 1, end).trim();
    const address = read(text);
    trace?.look("x-forwarded-for", text, address);
    if (address === undefined || !address.trusted) return address;
    end = comma;
  }
  return undefined;
}

function walkElements(header: string, { read, trace }: HeaderRules): ClientAddress | undefined {
  const elements = new ForwardedWalk(header);
  for (let hop = 0; hop < maxHops; hop++) {
    const text = elements.next();
    const address = text === undefined ? undefined : read(text);
    if (text !== undefined) trace?.look("forwarded", text, address);
    if (address === undefined || !address.trusted) return address;
  }
  return undefined;
}

/** The N-th entry from the right, whatever stands beside it. */
function entryFromRight(draft: Draft, rules: HeaderRules & { readonly hops: number }): ClientAddress | undefined {
  const { forwardedFor, forwarded } = draft;
  const { read, header, trace, hops } = rules;
  if (header !== "forwarded" && forwardedFor !== undefined) {
    let end = forwardedFor.length;
    for (let hop = 1; end > 0; hop++) {
      const comma = forwardedFor.lastIndexOf(",", end - 1);
      if (hop === hops) {
        const text = forwardedFor.slice(comma + 1, end).trim();
        const address = end - comma > longestEntry ? undefined : read(text);
        trace?.look("x-forwarded-for", text, address);
        return address;
      }
      end = comma;
    }
    return undefined;
  }
  if (header === "x-forwarded-for" || forwarded === undefined) return undefined;
  const elements = new ForwardedWalk(forwarded);
  for (let hop = 1; hop < hops; hop++) if (elements.next() === undefined) return undefined;
  const text = elements.next();
  const address = text === undefined ? undefined : read(text);
  if (text !== undefined) trace?.look("forwarded", text, address);
  return address;
}

function isOutside(address: ClientAddress | undefined): boolean {
  return address !== undefined && !address.trusted && !address.local;
}
