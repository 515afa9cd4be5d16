/**
 * The number of an IPv4 address in four decimal parts, or -1 when the text is none. Parts with a
 * leading zero are refused: what "010.1.1.1" means depends on who reads it. By hand, because most
 * events have such an address and nothing else about them is parsed as often.
 */
export function parseIPv4(text: string): number {
  let address = 0;
  let part = -1;
  let parts = 1;
  let leadingZero = false;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit === -2) {
      if (part < 0 || ++parts > 4) return -1;
      address = address * 256 + part;
      part = -1;
    } else if (digit >= 0 && digit <= 9) {
      if (part < 0) {
        part = digit;
        leadingZero = digit === 0;
      } else {
        part = part * 10 + digit;
        if (leadingZero || part > 255) return -1;
      }
    } else return -1;
  }
  return parts === 4 && part >= 0 ? address * 256 + part : -1;
}

/** A network of IPv4 addresses, as its first and last number. */
export interface IPv4Range {
  readonly first: number;
  readonly last: number;
}

/** The range of `10.0.0.0/8`; the address's bits beyond the prefix do not matter. */
export function rangeOf(address: number, prefixLength: number): IPv4Range {
  const size = 2 ** (32 - prefixLength);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

export function isWithin(address: number, ranges: readonly IPv4Range[]): boolean {
  for (const { first, last } of ranges) if (address >= first && address <= last) return true;
  return false;
}

/** Private (RFC 1918), shared (RFC 6598), loopback and link-local networks. */
export const localIPv4: readonly IPv4Range[] = [
  rangeOf(parseIPv4("10.0.0.0"), 8),
  rangeOf(parseIPv4("100.64.0.0"), 10),
  rangeOf(parseIPv4("127.0.0.0"), 8),
  rangeOf(parseIPv4("169.254.0.0"), 16),
  rangeOf(parseIPv4("172.16.0.0"), 12),
  rangeOf(parseIPv4("192.168.0.0"), 16),
];

/** No client has these: "this network" (RFC 791), multicast, and what is reserved above it. */
export const nobodysIPv4: readonly IPv4Range[] = [rangeOf(0, 8), rangeOf(parseIPv4("224.0.0.0"), 3)];
