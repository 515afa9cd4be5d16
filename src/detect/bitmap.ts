/** Words of 32 bits in a bitmap: 256 bits, enough to tell up to about 500 apart within 7 %. */
export const bitmapWords = 8;
const bits = bitmapWords * 32;

/** Sets the bit that stands for a value's 32-bit hash in the bitmap that begins at `at`. */
export function setBit(words: Uint32Array, at: number, hash: number): void {
  const bit = hash & (bits - 1);
  words[at + (bit >>> 5)]! |= 1 << (bit & 31);
}

/**
 * How many different values a bitmap stands for, by linear counting: m ln(m/empty) (Whang et al.,
 * 1990), rounded. A full bitmap answers what m-1 bits would.
 */
export function countDistinct(words: Uint32Array): number {
  let set = 0;
  for (let i = 0; i < bitmapWords; i++) set += popcount(words[i]!);
  const empty = Math.max(1, bits - set);
  return Math.round(bits * Math.log(bits / empty));
}

function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
