import { type Network, widthOf } from "./address.ts";

/**
 * Values by network. Asking which networks contain an address costs one look-up for each distinct
 * prefix length, however many networks there are.
 */
export class NetworkMap<T> {
  /** By prefix length, then by the bits above it. */
  readonly #tables = { 4: new Map<number, Map<bigint, T>>(), 6: new Map<number, Map<bigint, T>>() };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(network: Network): T | undefined {
    return this.#tables[network.version].get(network.prefix)?.get(leading(network, network.prefix));
  }

  set(network: Network, value: T): void {
    const tables = this.#tables[network.version];
    const table = tables.get(network.prefix) ?? new Map<bigint, T>();
    tables.set(network.prefix, table);
    const key = leading(network, network.prefix);
    if (!table.has(key)) this.#size++;
    table.set(key, value);
  }

  delete(network: Network): void {
    const tables = this.#tables[network.version];
    const table = tables.get(network.prefix);
    if (!table?.delete(leading(network, network.prefix))) return;
    this.#size--;
    if (table.size === 0) tables.delete(network.prefix);
  }

  /** The values of all networks that contain this one, in no order. */
  *containing(network: Network): Generator<T> {
    for (const [prefix, table] of this.#tables[network.version]) {
      if (prefix > network.prefix) continue;
      const value = table.get(leading(network, prefix));
      if (value !== undefined) yield value;
    }
  }
}

// helpers

function leading(network: Network, prefix: number): bigint {
  return network.bits >> BigInt(widthOf(network.version) - prefix);
}
