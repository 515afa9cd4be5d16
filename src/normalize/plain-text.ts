import { BoundedCache } from "./bounded-cache.ts";
import { cutCards, redactText } from "./redact-text.ts";

/** Makes one kind of text safe to store. */
export type TextCleaner = (raw: string) => string;

/** A cleaner for text that comes again and again (user agents, hosts): each is looked at once. */
export function createTextCleaner(options: { maxLength: number; cached: number }): TextCleaner {
  const cache = new BoundedCache<string, string>(options.cached);
  let last = "";
  let lastClean = "";
  return (raw) => {
    // Hosts and peers are mostly the ones of the line before; comparing is cheaper than hashing.
    if (raw === last) return lastClean;
    const known = cache.get(raw);
    if (known !== undefined) {
      last = raw;
      lastClean = known;
      return known;
    }
    const cut = raw.length > options.maxLength ? raw.slice(0, options.maxLength) : raw;
    const clean = Buffer.from(redactText(cut)).toString();
    // A text longer than what is kept could be any length, and is not worth the memory.
    if (raw.length <= options.maxLength) cache.set(clean === raw ? clean : Buffer.from(raw).toString(), clean);
    return clean;
  };
}

/** True for a short name of letters, digits, dots, dashes and `@`: nothing that would have to be cut. */
export function isPlainName(raw: string): boolean {
  if (raw.length > 11) return false;
  for (let i = 0; i < raw.length; i++) {
    const c = raw.charCodeAt(i);
    const letter = (c >= 97 && c <= 122) || (c >= 64 && c <= 90);
    if (!letter && !(c >= 48 && c <= 57) && c !== 45 && c !== 46 && c !== 95) return false;
  }
  return true;
}

/** An identifier of a request: as it is when it holds nothing but what identifiers are made of. */
export function cleanIdentifier(raw: string): string {
  if (raw.length > 128) return redactText(raw.slice(0, 128));
  let digits = 0;
  let mayHoldCard = false;
  for (let i = 0; i < raw.length; i++) {
    const c = raw.charCodeAt(i);
    if (c >= 48 && c <= 57) {
      if (++digits === 12) mayHoldCard = true;
      continue;
    }
    // Cards print their numbers in groups.
    if (c === 45) continue;
    digits = 0;
    const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
    if (!letter) return redactText(raw);
  }
  if (raw.startsWith("eyJ")) return redactText(raw);
  return mayHoldCard ? cutCards(raw) : raw;
}
