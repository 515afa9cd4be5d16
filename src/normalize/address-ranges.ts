import ipaddr from "ipaddr.js";
import { parseIPv4 } from "./ipv4.ts";

/**
 * Networks, for asking whether an address is in one of them: sorted, merged, and searched by halves,
 * so that thousands of ranges (a provider's published list) cost hardly more than one.
 */
export class AddressRanges {
  /** First and last in turn. */
  readonly #v4: Float64Array;
  /** The same, in four words each. */
  readonly #v6: Uint32Array;

  /** `networks`: addresses or CIDR. Throws on a text that is neither; the configuration is checked before. */
  constructor(networks: readonly string[]) {
    const v4: Range<number>[] = [];
    const v6: Range<bigint>[] = [];
    for (const text of networks) {
      const [address, bits] = parsed(text);
      if (address.kind() === "ipv4") v4.push(rangeV4(address.toString(), bits));
      else if ((address as ipaddr.IPv6).isIPv4MappedAddress() && bits >= 96) {
        v4.push(rangeV4((address as ipaddr.IPv6).toIPv4Address().toString(), bits - 96));
      } else v6.push(rangeV6((address as ipaddr.IPv6).parts, bits));
    }
    this.#v4 = Float64Array.from(merged(v4, 1));
    this.#v6 = Uint32Array.from(merged(v6, 1n).flatMap(wordsOf));
  }

  /** `address`: as `parseIPv4` reads it. */
  hasIPv4(address: number): boolean {
    const ranges = this.#v4;
    // The number of ends below the address: odd means that a range has begun there and not ended.
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const end = ranges[middle]!;
      if (middle % 2 === 0 ? end <= address : end < address) low = middle + 1;
      else high = middle;
    }
    return low % 2 === 1;
  }

  /** `parts`: the eight groups of an IPv6 address. */
  hasIPv6(parts: readonly number[]): boolean {
    const ranges = this.#v6;
    let low = 0;
    let high = ranges.length / 4;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compare(ranges, middle * 4, parts);
      if (middle % 2 === 0 ? order <= 0 : order < 0) low = middle + 1;
      else high = middle;
    }
    return low % 2 === 1;
  }
}

/** Whether a text is an address or a network in CIDR notation; IPv4 in four decimal parts. */
export function isNetwork(text: string): boolean {
  if (!text.includes(":") && parseIPv4(text.replace(/\/.*/, "")) < 0) return false;
  return text.includes("/") ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text);
}

// helpers

type Range<T> = readonly [first: T, last: T];

function parsed(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (text.includes("/")) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

function rangeV4(text: string, bits: number): Range<number> {
  const size = 2 ** (32 - bits);
  const first = Math.floor(parseIPv4(text) / size) * size;
  return [first, first + size - 1];
}

function rangeV6(parts: readonly number[], bits: number): Range<bigint> {
  const hosts = BigInt(128 - bits);
  const first = (numberOf(parts) >> hosts) << hosts;
  return [first, first + (1n << hosts) - 1n];
}

function numberOf(parts: readonly number[]): bigint {
  return parts.reduce((number, part) => (number << 16n) | BigInt(part), 0n);
}

function wordsOf(address: bigint): number[] {
  return [96n, 64n, 32n, 0n].map((shift) => Number((address >> shift) & 0xffff_ffffn));
}

/** Whether the end at `at` is below (negative), at (0) or above (positive) an address. */
function compare(ends: Uint32Array, at: number, parts: readonly number[]): number {
  for (let i = 0; i < 4; i++) {
    const difference = ends[at + i]! - (parts[i * 2]! * 65_536 + parts[i * 2 + 1]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Sorted, and those that overlap or touch made one: first and last in turn. */
function merged<T extends number | bigint>(ranges: Range<T>[], one: T): T[] {
  const sorted = ranges.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const ends: T[] = [];
  for (const [first, last] of sorted) {
    const before = ends.at(-1);
    if (before === undefined || first > (((before as number) + (one as number)) as T)) ends.push(first, last);
    else if (last > before) ends[ends.length - 1] = last;
  }
  return ends;
}
