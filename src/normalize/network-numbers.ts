import { createReadStream } from "node:fs";
import ipaddr from "ipaddr.js";
import type { GeoFile } from "./geo-file.ts";
import { geoInvalid, stampOf } from "./geo-file.ts";
import { parseIPv4 } from "./ipv4.ts";
import { asnOf } from "./read-value.ts";

/** Which networks a list of ranges is of. */
export type AddressKind = "IPv4" | "IPv6";

/** A whole list has half a million IPv4 ranges; more than this is no list of networks. */
const maxRanges = 5_000_000;
/** Fewer are no whole list. */
const minRanges = 1_000;

/**
 * Reads a list of the internet's networks: lines of first address, last address and network number,
 * in ascending order, addresses as whole numbers, and a name that is not kept. Half a million ranges
 * take 10 MB. Read in pieces, so that nothing waits for it long. Throws `GEO_INVALID`.
 */
export async function openNetworkNumbers(
  path: string,
  options: { readonly kind: AddressKind; readonly builtAt: number | undefined },
): Promise<GeoFile> {
  const { kind, builtAt } = options;
  try {
    const stamp = await stampOf(path);
    const ranges = new Ranges(kind);
    let rest = "";
    for await (const piece of createReadStream(path, { encoding: "latin1", highWaterMark: 128 * 1024 })) {
      const lines = (rest + String(piece)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) ranges.add(line);
    }
    ranges.add(rest);
    const find = ranges.finder();
    return {
      path,
      stamp,
      builtAt,
      find(ip) {
        const asn = find(ip);
        return asn === undefined ? undefined : { asn };
      },
    };
  } catch (cause) {
    throw geoInvalid(path, cause);
  }
}

// helpers

/** IPv6 ranges are told apart by their first 64 bits: no network is smaller. */
class Ranges {
  readonly #kind: AddressKind;
  readonly #firsts: bigint[] = [];
  readonly #lasts: bigint[] = [];
  readonly #v4Firsts: number[] = [];
  readonly #v4Lasts: number[] = [];
  readonly #numbers: number[] = [];

  constructor(kind: AddressKind) {
    this.#kind = kind;
  }

  add(line: string): void {
    const a = line.indexOf(",");
    const b = line.indexOf(",", a + 1);
    const c = line.indexOf(",", b + 1);
    if (a < 0 || b < 0) return;
    const asn = asnOf(line.slice(b + 1, c < 0 ? undefined : c).trim());
    const first = line.slice(0, a);
    const last = line.slice(a + 1, b);
    if (asn === undefined || !isNumber(first) || !isNumber(last)) return;
    if (this.#numbers.length === maxRanges) throw new Error(`it has more than ${maxRanges} ranges`);
    if (this.#kind === "IPv4") {
      if (Number(first) < (this.#v4Firsts.at(-1) ?? 0)) throw new Error("its ranges are not in ascending order");
      this.#v4Firsts.push(Number(first));
      this.#v4Lasts.push(Number(last));
    } else {
      const network = BigInt(first) >> 64n;
      if (network < (this.#firsts.at(-1) ?? 0n)) throw new Error("its ranges are not in ascending order");
      this.#firsts.push(network);
      this.#lasts.push(BigInt(last) >> 64n);
    }
    this.#numbers.push(asn);
  }

  /** From an address to its network's number. */
  finder(): (ip: string) => number | undefined {
    if (this.#numbers.length < minRanges) throw new Error("it is no whole list of networks");
    const numbers = Uint32Array.from(this.#numbers);
    if (this.#kind === "IPv4") {
      const firsts = Uint32Array.from(this.#v4Firsts);
      const lasts = Uint32Array.from(this.#v4Lasts);
      return (ip) => {
        const address = parseIPv4(ip);
        return address < 0 ? undefined : numberIn({ firsts, lasts, numbers }, address);
      };
    }
    const firsts = BigUint64Array.from(this.#firsts);
    const lasts = BigUint64Array.from(this.#lasts);
    return (ip) => {
      if (!ip.includes(":") || !ipaddr.IPv6.isValid(ip)) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv6.parse(ip).parts;
      return numberIn({ firsts, lasts, numbers }, (BigInt(a * 65_536 + b) << 32n) | BigInt(c * 65_536 + d));
    };
  }
}

function isNumber(text: string): boolean {
  return /^\d{1,39}$/.test(text);
}

/** The last range that begins at or before the address, if it ends at or after it: of two that overlap, the inner one. */
function numberIn<T extends number | bigint>(
  ranges: { readonly firsts: ArrayLike<T>; readonly lasts: ArrayLike<T>; readonly numbers: Uint32Array },
  address: T,
): number | undefined {
  const { firsts, lasts, numbers } = ranges;
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((firsts[middle] as T) <= address) low = middle + 1;
    else high = middle;
  }
  const at = low - 1;
  return at >= 0 && address <= (lasts[at] as T) ? numbers[at] : undefined;
}
