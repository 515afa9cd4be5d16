import { BoundedCache } from "./bounded-cache.ts";
import { createPlainIdentifierTest } from "./plain-identifier.ts";
import { cutCards, redactAgent, redactText } from "./redact-text.ts";

/** Makes one kind of text safe to store. */
export type TextCleaner = (raw: string) => string;

/**
 * A cleaner for text that comes again and again (user agents, hosts): each is looked at once.
 * `redact`: how, if not as any text.
 */
export function createTextCleaner(options: { maxLength: number; cached: number; redact?: TextCleaner }): TextCleaner {
  const { maxLength, cached, redact = redactText } = options;
  const cache = new BoundedCache<string, string>(cached);
  // Hashing a whole text for a map costs more than comparing it with the last few, and with the one of
  // the same length and of the same few characters that came last.
  const last = Array.from({ length: places }, (): Cleaned => ({ raw: "", clean: "" }));
  const recent: Cleaned[] = [];
  let oldest = 0;
  const remember = (known: Cleaned): string => {
    recent[oldest] = known;
    oldest = (oldest + 1) % fewRecent;
    return known.clean;
  };

  const lookUp = (raw: string): string => {
    const known = cache.get(raw);
    if (known !== undefined) return known;
    const clean = detached(redactedHead(raw, { maxLength, redact }));
    // A text longer than what is kept could be any length, and is not worth the memory.
    if (raw.length <= maxLength) cache.set(clean === raw ? clean : detached(raw), clean);
    return clean;
  };

  return (raw) => {
    for (let i = 0; i < recent.length; i++) if (recent[i]!.raw === raw) return recent[i]!.clean;
    const place = placeOf(raw);
    const known = last[place]!;
    if (known.raw === raw) return remember(known);
    const clean = lookUp(raw);
    if (raw.length > maxLength) return clean;
    return remember((last[place] = { raw: clean === raw ? clean : detached(raw), clean }));
  };
}

/** Cleans user agents. */
export function createAgentCleaner(): TextCleaner {
  return createTextCleaner({ maxLength: 512, cached: 16_384, redact: redactAgent });
}

/** From the first character on that no host has. */
const notOfHosts = /[/?#\\%"'<>,;(){}\s=&][^]*/;

/** Cleans hosts: a user before `@`, a path and a query belong to no host. */
export function createHostCleaner(): TextCleaner {
  const bare = (raw: string) => redactText(raw.slice(raw.lastIndexOf("@") + 1).replace(notOfHosts, ""));
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

/** A copy that keeps nothing else alive: what was cut out of a line keeps the whole line. */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}

/** Cleans identifiers of requests. */
export function createIdentifierCleaner(): TextCleaner {
  const isPlain = createPlainIdentifierTest();
  return (raw) => (isPlain(raw) ? raw : cleanIdentifier(raw));
}

/** An identifier of a request: as it is when it holds nothing but what identifiers are made of. */
export function cleanIdentifier(raw: string): string {
  if (raw.length <= longestIdentifier && !tokenInside.test(raw)) {
    if (fewDigits.test(raw)) return raw;
    if (identifier.test(raw)) return cutCards(raw);
  }
  return redactedHead(raw, { maxLength: longestIdentifier, redact: redactText });
}

// helpers

interface Cleaned {
  readonly raw: string;
  readonly clean: string;
}

const fewRecent = 4;

/** A power of two. */
const places = 512;

/** By the length and eight characters from all over the text: user agents differ in their middle and at their end. */
function placeOf(text: string): number {
  const { length } = text;
  let hash = length;
  if (length > 0) {
    for (let i = 1; i <= 8; i++) hash = Math.imul(hash, 31) ^ text.charCodeAt((length * i - 1) >>> 3);
  }
  return (hash ^ (hash >>> 9)) & (places - 1);
}

const longestIdentifier = 128;

// Regular expressions, because one over a piece of a line is several times as fast as a loop over its characters.
// A card's number has twelve digits or more, and may be printed in groups (`redact-text.ts`).
/** With letters between any twelve digits, whether these are grouped or not. */
const fewDigits = /^(?:[\d_-]{0,11}[A-Za-z])*[\d_-]{0,11}={0,2}$/;
const identifier = /^[\w-]*={0,2}$/;
const tokenInside = /(?:^|[-_])(?:eyJ|(?:sk|pk|rk|whsec)_|gh[pousr]_|github_|glpat-|xox|A[KS]IA|AIza|shp|npm_|sk-)/;
