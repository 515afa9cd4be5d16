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
export function createClientResolver(read: AddressReader, rules: ResolveRules = {}): ClientResolver {
  const { clientIpFrom = "auto", header = "auto", hops = 0, everyRequestPassesHops = false } = rules;
  const walked: ResolvedClient = { address: undefined, trust: "guessed" };

  /** Whether what else the record has speaks against the address that the gateway resolved. */
  const isDisputed = (draft: Draft, address: ClientAddress): boolean => {
    const { clientIp, peerIp } = draft;
    if (clientIpFrom === "gateway" || clientIp === undefined || peerIp === undefined) return false;
    const peer = clientIp === peerIp ? undefined : read(peerIp);
    if (peer === undefined || peer.ip === address.ip) return false;
    // The gateway took it from what the peer sent. A stranger on the internet could send anything; a
    // private peer is a hop of ours that the gateway was told of, if not we.
    if (!peer.trusted && !peer.local) return true;
    walk(draft, { read, header }, walked);
    return walked.address !== undefined && walked.address.ip !== address.ip;
  };

  return (draft, into) => {
    const { clientIp, peerIp } = draft;
    const first = clientIpFrom === "forwarded" ? (peerIp ?? clientIp) : (clientIp ?? peerIp);
    const address = first === undefined ? undefined : read(first);
    into.address = address;
    into.trust = "guessed";
    if (address === undefined) {
      // Without any socket address nobody can say who wrote the header, unless the operator does.
      if (first !== undefined || clientIpFrom === "gateway") return;
      if (hops === 0) {
        walk(draft, { read, header }, into);
        into.trust = "guessed";
      } else {
        into.address = entryFromRight(draft, { read, header, hops });
        const isSure = everyRequestPassesHops && !hasBoth(draft, header) && isOutside(into.address);
        into.trust = isSure ? "certain" : "guessed";
      }
    } else if (!address.trusted) {
      // A private address that nobody named is most likely a hop that was forgotten.
      into.trust = address.local || isDisputed(draft, address) ? "guessed" : "certain";
    } else if (clientIpFrom !== "gateway") {
      walk(draft, { read, header }, into);
      into.address ??= address;
    }
    // Better than nobody, or one of our own hops for everybody; but who wrote it is not known.
    if (draft.claimedIp !== undefined && (into.address === undefined || into.address.trusted)) {
      into.address = read(draft.claimedIp) ?? into.address;
      into.trust = "guessed";
    }
  };
}

// helpers

interface HeaderRules {
  readonly read: AddressReader;
  readonly header: ProxiesConfig["header"];
}

/** No chain of proxies is longer; who writes a longer one wants to keep us busy. */
const maxHops = 32;

/** An entry longer than any address with a port is none, and need not be cut out whole. */
const longestEntry = 256;

/** The first address from the right that is not ours, if there is one; certain when our hop wrote it. */
function walk(draft: Draft, { read, header }: HeaderRules, into: ResolvedClient): void {
  const { forwardedFor, forwarded } = draft;
  const one = header === "forwarded" || !forwardedFor ? undefined : walkList(forwardedFor, read);
  const other = header === "x-forwarded-for" || !forwarded ? undefined : walkElements(forwarded, read);
  into.address = one ?? other;
  // Our hop writes one of the two headers; a client can bring along the other.
  const isDisputed = hasBoth(draft, header) && one?.ip !== other?.ip;
  into.trust = isDisputed || !isOutside(into.address) ? "guessed" : "certain";
}

function hasBoth({ forwardedFor, forwarded }: Draft, header: ProxiesConfig["header"]): boolean {
  return header === "auto" && Boolean(forwardedFor) && Boolean(forwarded);
}

function walkList(list: string, read: AddressReader): ClientAddress | undefined {
  let end = list.length;
  for (let hop = 0; hop < maxHops && end >= 0; hop++) {
    const comma = list.lastIndexOf(",", end - 1);
    if (end === 0 || end - comma > longestEntry) return undefined;
    const address = read(list.slice(comma + 1, end).trim());
    if (address === undefined || !address.trusted) return address;
    end = comma;
  }
  return undefined;
}

function walkElements(header: string, read: AddressReader): ClientAddress | undefined {
  const elements = new ForwardedWalk(header);
  for (let hop = 0; hop < maxHops; hop++) {
    const text = elements.next();
    const address = text === undefined ? undefined : read(text);
    if (address === undefined || !address.trusted) return address;
  }
  return undefined;
}

/** The N-th entry from the right, whatever stands beside it. */
function entryFromRight(draft: Draft, rules: HeaderRules & { readonly hops: number }): ClientAddress | undefined {
  const { forwardedFor, forwarded } = draft;
  const { read, header, hops } = rules;
  if (header !== "forwarded" && forwardedFor !== undefined) {
    let end = forwardedFor.length;
    for (let hop = 1; end > 0; hop++) {
      const comma = forwardedFor.lastIndexOf(",", end - 1);
      if (hop === hops) return end - comma > longestEntry ? undefined : read(forwardedFor.slice(comma + 1, end).trim());
      end = comma;
    }
    return undefined;
  }
  if (header === "x-forwarded-for" || forwarded === undefined) return undefined;
  const elements = new ForwardedWalk(forwarded);
  for (let hop = 1; hop < hops; hop++) if (elements.next() === undefined) return undefined;
  const text = elements.next();
  return text === undefined ? undefined : read(text);
}

function isOutside(address: ClientAddress | undefined): boolean {
  return address !== undefined && !address.trusted && !address.local;
}
