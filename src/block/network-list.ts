import { type Network, overlaps, parseNetwork } from "./address.ts";
import { NetworkMap } from "./network-map.ts";

/** A list of addresses and ranges from the configuration, as written there. */
export class NetworkList {
  readonly #entries: readonly { readonly text: string; readonly network: Network }[];
  readonly #byNetwork = new NetworkMap<string>();

  /** Leaves out what is no address: the configuration has been validated before. */
  constructor(texts: readonly string[]) {
    this.#entries = texts.flatMap((text) => {
      const network = parseNetwork(text);
      return network ? [{ text, network }] : [];
    });
    for (const { text, network } of this.#entries) this.#byNetwork.set(network, text);
  }

  /** An entry that contains the whole address or range; fast, whatever the list's length. */
  containing(network: Network): string | undefined {
    return this.#byNetwork.containing(network).next().value ?? undefined;
  }

  /** An entry that a block of this range would hit, wholly or in part. */
  touching(network: Network): string | undefined {
    return this.#entries.find((entry) => overlaps(entry.network, network))?.text;
  }
}
