import type { AccessEvent } from "../normalize/access-event.ts";
import { createAddressReader } from "../normalize/client-address.ts";
import { percent } from "./text-layout.ts";

/** Addresses that are counted one by one; later ones are only counted together. */
const maxAddresses = 20_000;
/** Addresses that are told. */
const listedAtMost = 5;
/** From so many requests on, one address with more than half of them is no customer. */
const enoughRequests = 200;

/** How sure it is who asked. */
export interface ClientReport {
  readonly certain: number;
  readonly guessed: number;
  /** Of the guessed: requests without any address. */
  readonly unknown: number;
  /** The addresses that were only guessed, the most frequent first. */
  readonly guessedAddresses: readonly { readonly address: string; readonly requests: number }[];
  /** What to configure or to log, a sentence each. */
  readonly advice: readonly string[];
}

/** Counts how sure the clients' addresses are, and finds out what would make them surer. */
export class ClientCounts {
  readonly #read;
  readonly #certain = new Map<string, number>();
  readonly #guessed = new Map<string, number>();
  readonly #totals = { certain: 0, guessed: 0, unknown: 0 };

  /** `trusted`: the configured proxies. */
  constructor(trusted: readonly string[]) {
    this.#read = createAddressReader(trusted);
  }

  add({ clientIp, clientIpTrust }: AccessEvent): void {
    this.#totals[clientIpTrust]++;
    if (clientIp === undefined) this.#totals.unknown++;
    else count(clientIpTrust === "certain" ? this.#certain : this.#guessed, clientIp);
  }

  report(): ClientReport {
    const guessedAddresses = topOf(this.#guessed, listedAtMost);
    return { ...this.#totals, guessedAddresses, advice: [...this.#advice(guessedAddresses)] };
  }

  *#advice(guessed: ClientReport["guessedAddresses"]): Generator<string> {
    const { certain, unknown } = this.#totals;
    if (unknown > 0) {
      const part = percent(unknown, certain + this.#totals.guessed);
      yield `${part} of the requests have no address: log the socket's (\`remote_addr\`).`;
    }
    const kinds = guessed.map(({ address }) => ({ address, read: this.#read(address) }));
    const own = kinds.filter(({ read }) => read?.trusted);
    const local = kinds.filter(({ read }) => read?.local && !read.trusted);
    const forwarded = kinds.filter(({ read }) => read && !read.local && !read.trusted);
    if (own.length > 0) {
      yield `${listed(own)}: a proxy of yours, and the log doesn't say for whom it asked: log X-Forwarded-For (\`xff\`).`;
    }
    if (local.length > 0) {
      yield `${listed(local)}${this.#guessed.size > listedAtMost ? " and others" : ""}: private. If they are proxies of yours, name them under proxies.trusted and log X-Forwarded-For (\`xff\`).`;
      if (this.#guessed.size <= listedAtMost) yield `    proxies: { trusted: [${listed(local)}] }`;
    }
    if (forwarded.length > 0) {
      yield `${listed(forwarded)}: from X-Forwarded-For alone, which anybody can write. Log the socket's address (\`remote_addr\`), and name your proxies under proxies.trusted.`;
    }
    const [most] = topOf(this.#certain, 1);
    if (most && certain >= enoughRequests && most.requests > certain / 2) {
      yield `${most.address} made ${percent(most.requests, certain)} of these requests. If it is a proxy or CDN, name it under proxies.trusted: else all its customers look like one client.`;
    }
  }
}

// helpers

function count(counts: Map<string, number>, address: string): void {
  const known = counts.get(address);
  if (known !== undefined || counts.size < maxAddresses) counts.set(address, (known ?? 0) + 1);
}

function topOf(counts: ReadonlyMap<string, number>, limit: number): { address: string; requests: number }[] {
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return sorted.slice(0, limit).map(([address, requests]) => ({ address, requests }));
}

function listed(addresses: readonly { readonly address: string }[]): string {
  return addresses.map(({ address }) => address).join(", ");
}
