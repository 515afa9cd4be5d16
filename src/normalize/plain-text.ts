import { BoundedCache } from "./bounded-cache.ts";
import { redactText } from "./redact-text.ts";

/** Makes one kind of text safe to store. */
export type TextCleaner = (raw: string) => string;

/** A cleaner for text that comes again and again (user agents, hosts): each is looked at once. */
export function createTextCleaner(options: { maxLength: number; cached: number }): TextCleaner {
  const cache = new BoundedCache<string, string>(options.cached);
  return (raw) => {
    const known = cache.get(raw);
    if (known !== undefined) return known;
    const cut = raw.length > options.maxLength ? raw.slice(0, options.maxLength) : raw;
    const clean = Buffer.from(redactText(cut)).toString();
    // A text longer than what is kept could be any length, and is not worth the memory.
    if (raw.length <= options.maxLength) cache.set(clean === raw ? clean : Buffer.from(raw).toString(), clean);
    return clean;
  };
}

/** An identifier of a request: as it is when it holds nothing but what identifiers are made of. */
export function cleanIdentifier(raw: string): string {
  if (raw.length > 128) return redactText(raw.slice(0, 128));
  let digits = 0;
  for (let i = 0; i < raw.length; i++) {
    const c = raw.charCodeAt(i);
    if (c >= 48 && c <= 57) {
      if (++digits === 12) return redactText(raw);
      continue;
    }
    digits = 0;
    const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
    if (!letter && c !== 45) return redactText(raw);
  }
  return raw.startsWith("eyJ") ? redactText(raw) : raw;
}
