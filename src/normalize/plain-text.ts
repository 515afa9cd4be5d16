import { BoundedCache } from "./bounded-cache.ts";
import { cutCards, redactAgent, redactText } from "./redact-text.ts";

/** Makes one kind of text safe to store. */
export type TextCleaner = (raw: string) => string;

/**
 * A cleaner for text that comes again and again (user agents, hosts): each is looked at once.
 * `redact`: how, if not as any text.
 */
export function createTextCleaner(options: { maxLength: number; cached: number; redact?: TextCleaner }): TextCleaner {
  const { maxLength, redact = redactText } = options;
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
    const clean = Buffer.from(redactedHead(raw, { maxLength, redact })).toString();
    // A text longer than what is kept could be any length, and is not worth the memory.
    if (raw.length <= maxLength) cache.set(clean === raw ? clean : Buffer.from(raw).toString(), clean);
    return clean;
  };
}

/** Cleans user agents. */
export function createAgentCleaner(): TextCleaner {
  return createTextCleaner({ maxLength: 512, cached: 16_384, redact: redactAgent });
}

/** Cleans hosts: what stands before `@` or after the first `/`, `?`, `#` or `\` belongs to no host. */
export function createHostCleaner(): TextCleaner {
  const bare = (raw: string) => redactText(raw.slice(raw.lastIndexOf("@") + 1).replace(/[/?#\\][^]*/, ""));
  return createTextCleaner({ maxLength: 255, cached: 1024, redact: bare });
}

/**
 * The beginning of a text, redacted. What stands where a long text was cut goes altogether: it could
 * be half a secret, which nothing tells from an ordinary word.
 */
export function redactedHead(raw: string, { maxLength, redact }: { maxLength: number; redact: TextCleaner }): string {
  if (raw.length <= maxLength) return redact(raw).slice(0, maxLength);
  const cut = raw.slice(0, maxLength * 4);
  const whole = cut.length < raw.length ? cut.replace(/[\w.~+/=%@ -]{1,128}$/, "") : cut;
  return redact(whole).slice(0, maxLength);
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
  if (raw.length > 128) return redactedHead(raw, { maxLength: 128, redact: redactText });
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
