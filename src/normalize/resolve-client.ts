import type { AddressReader, ClientAddress } from "./client-address.ts";
import type { Draft } from "./draft.ts";
import { forwardedAddresses } from "./forwarded.ts";
import type { ProxiesConfig } from "./proxies-config.ts";

/** Who asked, and whether that could be forged. One object is used again for every record. */
export interface ResolvedClient {
  address: ClientAddress | undefined;
  /** `guessed`: nothing may be blocked on it. */
  trust: "certain" | "guessed";
}

/** Fills `into` from the addresses and headers of a draft. */
export type ClientResolver = (draft: Draft, into: ResolvedClient) => void;

/**
 * The rule of the rightmost untrusted hop. It starts from the address that the gateway itself saw
 * (or resolved). If that is not one of our own hops, it is the client, and headers are ignored: the
 * client wrote them. If it is, the headers are walked from right to left, past our own hops, to the
 * first address that is not ours: our own hop wrote it down. An entry that is no address ends the
 * walk, because whoever wrote it could have written anything to its left.
 */
export function createClientResolver(read: AddressReader, clientIpFrom: ProxiesConfig["clientIpFrom"]): ClientResolver {
  return (draft, into) => {
    const { clientIp, peerIp } = draft;
    const first = clientIpFrom === "forwarded" ? (peerIp ?? clientIp) : (clientIp ?? peerIp);
    const address = first === undefined ? undefined : read(first);
    if (address === undefined) {
      into.address = first === undefined ? rightmost(draft, read) : undefined;
      into.trust = "guessed";
    } else if (!address.trusted) {
      into.address = address;
      // A private address that nobody named is most likely a hop that was forgotten.
      into.trust = address.local ? "guessed" : "certain";
    } else if (clientIpFrom === "gateway") {
      into.address = address;
      into.trust = "guessed";
    } else {
      const found = walk(draft, read);
      into.address = found ?? address;
      into.trust = found === undefined || found.local ? "guessed" : "certain";
    }
  };
}

// helpers

/** The rightmost address that is not ours; `undefined` when all are ours, or one can't be read. */
function walk(draft: Draft, read: AddressReader): ClientAddress | undefined {
  if (draft.forwardedFor !== undefined) {
    const list = draft.forwardedFor;
    for (let end = list.length; end > 0;) {
      const comma = list.lastIndexOf(",", end - 1);
      const address = read(list.slice(comma + 1, end).trim());
      if (address === undefined || !address.trusted) return address;
      end = comma;
    }
    return undefined;
  }
  if (draft.forwarded === undefined) return undefined;
  for (const text of forwardedAddresses(draft.forwarded).toReversed()) {
    const address = read(text);
    if (address === undefined || !address.trusted) return address;
  }
  return undefined;
}

/** Without any socket address the rightmost entry is the best guess, and no more than that. */
function rightmost(draft: Draft, read: AddressReader): ClientAddress | undefined {
  return draft.forwardedFor === undefined && draft.forwarded === undefined ? undefined : walk(draft, read);
}
