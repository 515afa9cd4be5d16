import { parseNetwork } from "../block/address.ts";
import { NetworkList } from "../block/network-list.ts";
import { createAddressReader, type AddressReader, type ClientAddress } from "../normalize/client-address.ts";
import type { Draft } from "../normalize/draft.ts";
import type { ProxiesConfig } from "../normalize/proxies-config.ts";
import { redactText } from "../normalize/redact-text.ts";
import { createClientResolver, type AddressPlace, type ClientReason } from "../normalize/resolve-client.ts";
import type { TrustedNetworks } from "../normalize/trusted-networks.ts";

/** One address that was looked at on the way to the client. */
export interface ExplainedHop {
  readonly place: AddressPlace;
  /** As it was written, redacted and cut. */
  readonly text: string;
  readonly verdict: string;
}

/** How the client was found. */
export interface ExplainedClient {
  /** In the order in which they were looked at: headers from right to left. */
  readonly hops: readonly ExplainedHop[];
  /** Entries further left, which nobody looked at: whoever came before could have written them. */
  readonly unread: readonly string[];
  readonly trust: "certain" | "guessed";
  readonly reason: ClientReason;
}

/** Goes the resolver's own way to the client once more, and takes down each step. */
export class ClientExplainer {
  readonly #read: AddressReader;
  readonly #ours: NetworkList;
  readonly #proxies: ProxiesConfig;

  constructor({ proxies, networks }: { readonly proxies: ProxiesConfig; readonly networks: TrustedNetworks }) {
    this.#proxies = proxies;
    this.#read = createAddressReader(networks.prefixes);
    this.#ours = new NetworkList(networks.trusted);
  }

  explain(draft: Draft): ExplainedClient {
    const looks: Look[] = [];
    let reason: ClientReason = "no-address";
    const resolve = createClientResolver(this.#read, this.#proxies, {
      look: (place, text, address) => void looks.push({ place, text, address }),
      decide: (decided) => (reason = decided),
    });
    const client: Parameters<typeof resolve>[1] = { address: undefined, trust: "guessed" };
    resolve(draft, client);
    const chosen = looks.find(({ address }) => address !== undefined && address.ip === client.address?.ip);
    return {
      hops: looks.map((look) => ({
        place: look.place,
        text: shown(look.text),
        verdict: this.#verdict(look, look === chosen),
      })),
      unread: unreadEntries(draft, looks),
      trust: client.trust,
      reason,
    };
  }

  #verdict({ address, place }: Look, isClient: boolean): string {
    const isHop = place === "x-forwarded-for" || place === "forwarded";
    if (address === undefined) return isHop ? "no address: the walk stops here" : "no address";
    const parts = [isClient ? "taken for the client" : "", this.#kindOf(address)];
    return parts.filter((part) => part !== "").join(", ");
  }

  #kindOf(address: ClientAddress): string {
    if (!address.trusted) return address.local ? "a private address that is not under proxies.trusted" : "not ours";
    const network = parseNetwork(address.ip);
    const by = network && this.#ours.containing(network);
    return by === undefined ? "one of ours" : `one of ours, trusted by ${by}`;
  }
}

/** What a place is called. */
export const placeNames: Readonly<Record<AddressPlace, string>> = {
  gateway: "the gateway's client",
  peer: "the socket's other end",
  "x-forwarded-for": "X-Forwarded-For",
  forwarded: "Forwarded",
  claimed: "named in the record",
};

/** Why the client is certain or guessed, and what would make it surer. */
export const clientReasons: Readonly<Record<ClientReason, string>> = {
  "no-address": "the record has no client's address; docs/formats.md says what to log",
  unreadable: "what stands where the address should be is none",
  "header-alone":
    "there is no address of the socket's other end, and anybody can write a header; log it, or set proxies.hops",
  "nth-entry":
    "the entry that proxies.hops points at; certain only where proxies.everyRequestPassesHops holds and one header speaks",
  "nth-entry-sure":
    "the entry that proxies.hops points at, and proxies.everyRequestPassesHops says that our hop wrote it",
  "not-ours": "whoever asked is none of our hops, so it is the client; what it wrote into headers does not count",
  private: "a private address, most likely a hop of yours: name it under proxies.trusted",
  disputed: "the gateway took it from what the other end sent, and the rest of the record says something else",
  walked: "the first from the right that is not ours: one of our own hops wrote it down",
  "walked-private":
    "the first from the right that is not ours is private, most likely a hop of yours: name it under proxies.trusted",
  "all-ours": "behind our own hops no client is named; it is taken for the last hop",
  "both-headers":
    "X-Forwarded-For and Forwarded contradict each other, and a client may have written either; proxies.header says which is ours",
  "gateway-only": "one of our own hops, and proxies.clientIpFrom forbids to look into the headers",
  claimed: "the record names it the client's by a rule that is not known",
};

// helpers

interface Look {
  readonly place: AddressPlace;
  readonly text: string;
  readonly address: ClientAddress | undefined;
}

const longestShown = 60;
const unreadShown = 5;

function shown(text: string): string {
  const clean = redactText(text.slice(0, 4 * longestShown));
  return clean.length > longestShown ? `${clean.slice(0, longestShown)}…` : clean;
}

/** Of the header that was walked: what stands further left, the nearest first. */
function unreadEntries(draft: Draft, looks: readonly Look[]): string[] {
  const walked = looks.filter(({ place }) => place === "x-forwarded-for").length;
  const list = draft.forwardedFor;
  if (list === undefined || list === "") return [];
  const entries = list.slice(-4096).split(",").reverse().slice(walked);
  const more = entries.length - unreadShown;
  return [
    ...entries.slice(0, unreadShown).map((entry) => shown(entry.trim())),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}
