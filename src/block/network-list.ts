import { type Network, overlaps, parseNetwork, widthOf } from "./address.ts";
import { NetworkMap } from "./network-map.ts";

/** An address or a range: as written in the configuration, or with what it is called there. */
export type ListedNetwork = string | { readonly network: string; readonly text: string };

/** A list of addresses and ranges from the configuration. */
export class NetworkList {
  #entries: readonly { readonly text: string; readonly network: Network }[] = [];
  #byNetwork = new NetworkMap<string>();

  /** Leaves out what is no address: the configuration has been validated before. */
  constructor(networks: readonly ListedNetwork[]) {
    this.replace(networks);
  }

  /** Another list from now on. */
  replace(networks: readonly ListedNetwork[]): void {
    this.#entries = networks.flatMap((listed) => {
      const { network: written, text } = typeof listed === "string" ? { network: listed, text: listed } : listed;
      const network = parseNetwork(written);
      return network ? [{ text, network }] : [];
    });
    this.#byNetwork = new NetworkMap();
    for (const { text, network } of this.#entries) this.#byNetwork.set(network, text);
  }

  /** An entry that contains the whole address or range; fast, whatever the list's length. */
  containing(network: Network): string | undefined {
    return this.#byNetwork.containing(network).next().value ?? undefined;
  }

  /** An entry that a block of this range would hit, wholly or in part. */
  touching(network: Network): string | undefined {
    const around = this.containing(network);
    if (around !== undefined || network.prefix === widthOf(network.version)) return around;
    return this.#entries.find((entry) => overlaps(entry.network, network))?.text;
  }
}
