import type { Target } from "../detect/detection.ts";
import { parseAddress } from "./address.ts";
import type { BlockConfig } from "./block-config.ts";
import { NetworkList } from "./network-list.ts";
import { targetNetwork } from "./target.ts";

/** The number of the network an address belongs to; `undefined` when the geo database doesn't know. */
export type AsnLookup = (address: string) => number | undefined;

/** Whom nothing may block, from the configuration. */
export class AllowList {
  readonly #networks: NetworkList;
  readonly #asNumbers: ReadonlySet<number>;
  readonly #users: ReadonlySet<string>;
  readonly #apiKeys: ReadonlySet<string>;
  readonly #asnOf: AsnLookup | undefined;

  /** `asnOf`: absent where there is no geo database; then allow-listed network numbers can't be told. */
  constructor(allow: BlockConfig["allow"], asnOf?: AsnLookup) {
    const numbers = allow.networks.filter((text) => text.startsWith("AS"));
    this.#networks = new NetworkList([...allow.addresses, ...allow.networks]);
    this.#asNumbers = new Set(numbers.map((text) => Number(text.slice(2))));
    this.#users = new Set(allow.users);
    this.#apiKeys = new Set(allow.apiKeys);
    this.#asnOf = asnOf;
  }

  /** The entry that a block of this target would hit; `unknown` when only its network's number could tell. */
  entryFor(target: Target): { readonly entry: string } | "unknown" | undefined {
    if (target.scope === "user") return this.#users.has(target.value) ? { entry: target.value } : undefined;
    if (target.scope === "apiKey") return this.#apiKeys.has(target.value) ? { entry: "the key" } : undefined;
    if (target.scope === "as") return this.#asNumbers.has(Number(target.value)) ? asEntry(target.value) : undefined;
    const network = targetNetwork(target);
    if (!network) return undefined;
    const entry = this.#networks.touching(network);
    if (entry !== undefined) return { entry };
    if (this.#asNumbers.size === 0) return undefined;
    const asn = this.#asnOf?.(target.value.replace(/\/\d+$/, ""));
    if (asn === undefined) return "unknown";
    return this.#asNumbers.has(asn) ? asEntry(asn) : undefined;
  }

  /** Whether this request may pass whatever was decided: an allow-listed address inside a banned range, say. */
  allows(requester: { readonly clientIp?: string; readonly userId?: string; readonly apiKey?: string }): boolean {
    if (requester.userId !== undefined && this.#users.has(requester.userId)) return true;
    if (requester.apiKey !== undefined && this.#apiKeys.has(requester.apiKey)) return true;
    const address = requester.clientIp === undefined ? undefined : parseAddress(requester.clientIp);
    if (!address || requester.clientIp === undefined) return false;
    if (this.#networks.containing(address) !== undefined) return true;
    const asn = this.#asNumbers.size === 0 ? undefined : this.#asnOf?.(requester.clientIp);
    return asn !== undefined && this.#asNumbers.has(asn);
  }
}

// helpers

function asEntry(asn: number | string): { readonly entry: string } {
  return { entry: `AS${asn}` };
}
