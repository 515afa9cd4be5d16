/** The two halves of the last key hashed; read right after `hashKey`, so that no object is made for each event. */
export const hashed = { hi: 0, lo: 0 };

/**
 * A 64-bit hash of a string into `hashed.hi` and `hashed.lo` (two multiplicative lanes with a final
 * avalanche, as in MurmurHash3). Never both zero: that marks an empty row.
 */
export function hashKey(text: string): void {
  let a = 0xdeadbeef ^ text.length;
  let b = 0x41c6ce57 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  hashed.hi = b >>> 0;
  hashed.lo = a >>> 0 || 1;
}

/** 32 bits of the same hash, for `distinct` and for telling events apart. */
export function hash32(text: string): number {
  hashKey(text);
  return hashed.lo;
}

/** 32 bits that stand for a number, for `distinct`: another number gives others, but for chance. */
export function hashNumber(value: number): number {
  const low = value | 0;
  const high = (value - low) / 4_294_967_296;
  let hash = Math.imul(low ^ 0x9e3779b1, 0x85ebca6b) ^ Math.imul((high * 65_536) | 0, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Hashes a text that often comes several times in a row, such as an event's client, once for all of them. */
export class LastHash {
  hi = 0;
  lo = 0;
  #text: string | undefined;

  of(text: string): void {
    if (text === this.#text) return;
    hashKey(text);
    this.hi = hashed.hi;
    this.lo = hashed.lo;
    this.#text = text;
  }
}
