import { cutCards, holdsCardNumber, isKnownToken, isRandom, isUuid, replaceControls } from "./redact-text.ts";

/** Longer paths are cut. */
const maxPath = 2048;

/**
 * A path without what must not be stored: query and fragment, path parameters (`;jsessionid=…`),
 * values after `=`, e-mail addresses, card numbers, tokens, and whatever long follows a word like
 * `reset` or `token`. What was cut is named in braces, so that the route can still be told.
 */
export function redactPath(target: string): string {
  const path = pathOf(target);
  if (isPlainPath(path)) return path;
  const shown = replaceControls(path);
  const segments = withoutDots(shown.slice(0, maxPath).split("/"));
  // Half a secret could stand where it was cut.
  if (shown.length > maxPath && segments.length > 1) segments[segments.length - 1] = "{long}";
  let afterWord = false;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] as string;
    if (segment === "") continue;
    segments[i] = redactSegment(segment, afterWord);
    afterWord = secretWords.test(segment);
  }
  return cutCards(segments.join("/"));
}

/** The path of a request target: an absolute URL loses scheme and host, everything loses its query. */
export function pathOf(target: string): string {
  let start = 0;
  if (target.charCodeAt(0) !== 47) {
    const scheme = target.indexOf("://");
    if (scheme > 0 && scheme < 12) {
      start = target.indexOf("/", scheme + 3);
      if (start < 0) return "/";
    }
  }
  let end = target.indexOf("?", start);
  const fragment = target.indexOf("#", start);
  if (fragment >= 0 && (end < 0 || fragment < end)) end = fragment;
  const path = start === 0 && end < 0 ? target : target.slice(start, end < 0 ? undefined : end);
  return path === "" ? "/" : path;
}

/**
 * Whether nothing in a path has to be cut: words of letters, short numbers, dashes and dots. Long segments, rows of
 * digits that could be a card's number, codes after a word like `reset`, and anything unusual are looked at closely.
 */
export function isPlainPath(path: string): boolean {
  if (path.length > 120) return false;
  let start = path.charCodeAt(0) === slash ? 1 : 0;
  // Where the segment before stands.
  let before = 0;
  let beforeEnd = 0;
  let digits = 0;
  let allDigits = 0;
  for (let i = start; i <= path.length; i++) {
    const c = i === path.length ? slash : path.charCodeAt(i);
    if (c === slash) {
      const length = i - start;
      allDigits += digits;
      if (length > 15 || digits > 7 || allDigits > 11) return false;
      if (length > 0) {
        if (path.charCodeAt(start) === dot || (length > 8 && mayBeToken(path, start))) return false;
        if ((digits > 0 && length > 5) || digits > 3) {
          if (beforeEnd > 0 && secretWords.test(path.slice(before, beforeEnd))) return false;
        }
        before = start;
        beforeEnd = i;
      }
      start = i + 1;
      digits = 0;
    } else if (c >= 48 && c <= 57) digits++;
    else if (!((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 45 || c === 95 || c === dot)) return false;
  }
  return true;
}

// helpers

const slash = 47;
const dot = 46;

/** Of the tokens that are short enough, `eyJ…`, `sk_…` and `xox…`, the third letter. */
function mayBeToken(path: string, start: number): boolean {
  const third = path.charCodeAt(start + 2);
  return third === 74 || third === 95 || third === 120;
}

/** What follows these in a path is meant for one person's eyes. */
const secretWords =
  /^(?:tokens?|resets?|reset-?password|password-?resets?|verify|verification|confirm|confirmation|activate|activation|invites?|invitations?|magic-?links?|unsubscribe|otp|secrets?|keys?|api-?keys?|sessions?|sid|auth|jwt|passwords?|recover|share|download-?links?)$/i;

function redactSegment(segment: string, afterWord: boolean): string {
  const parameters = segment.search(/;|%3b/i);
  const bare = parameters < 0 ? segment : segment.slice(0, parameters);
  const decoded = bare.includes("%") ? decode(bare) : bare;
  const assigned = decoded.search(/[=?&;]/);
  if (assigned >= 0) return `${redactSegment(encodeURI(decoded.slice(0, assigned).toWellFormed()), afterWord)}{cut}`;
  if (decoded.includes("@")) return "{email}";
  // A character that is none must not hide what stands around it.
  const joined = decoded.replaceAll("\ufffd", "");
  if (holdsCardNumber(decoded) || holdsCardNumber(joined)) return "{card}";
  if (isKnownToken(decoded) || isKnownToken(joined)) return "{token}";
  if (afterWord && isCode(decoded)) return "{token}";
  if (isRandom(decoded, 32)) return "{token}";
  if (bare.length > 256) return "{long}";
  // `%6cogin` is `login` to whoever answers, and must be to us.
  return decoded !== bare && /^[\w.~-]+$/.test(decoded) ? decoded : bare;
}

/** `/x/../api/./login` is `/api/login` to whoever answers. */
function withoutDots(segments: readonly string[]): string[] {
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === ".." || /^(?:%2e|\.){2}$/i.test(segment)) {
      if (kept.length > 1) kept.pop();
    } else if (segment !== "." && !/^%2e$/i.test(segment)) kept.push(segment);
  }
  return kept.length === 1 ? ["", ""] : kept;
}

/** After a secret word: a UUID, a number of four digits or more, or any longer word with a digit or of 16 letters. */
function isCode(text: string): boolean {
  if (isUuid(text) || /^\d{4,}$/.test(text)) return true;
  return (text.length >= 6 && /\d/.test(text)) || text.length >= 20;
}

/** What was encoded more than once is decoded as often, up to three times. */
function decode(segment: string): string {
  let text = segment;
  for (let round = 0; round < 3 && text.includes("%"); round++) {
    const before = text;
    try {
      text = decodeURIComponent(text);
    } catch {
      // Not what percent-encoding allows; what of it is ASCII is still looked at.
      text = text.replaceAll(/%([0-7][\da-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    }
    if (text === before) break;
  }
  return replaceControls(text);
}
