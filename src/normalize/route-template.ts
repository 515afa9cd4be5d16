import { isRandom, isUuid } from "./redact-text.ts";

/**
 * What a path's segment becomes in a route when it is a value rather than a word: `{id}`, `{uuid}`,
 * `{date}`, `{hash}`, `{token}`, `{slug}`, `{file}`, or what redaction already put there.
 * `undefined`: it is a word.
 */
export function segmentTemplate(segment: string): string | undefined {
  if (redacted.has(segment)) return segment;
  if (segment.includes("{") || segment.includes("%")) return segment.length === 0 ? undefined : "{var}";
  if (staticFile.test(segment)) return "{file}";
  let digits = 0;
  for (let i = 0; i < segment.length; i++) {
    const c = segment.charCodeAt(i);
    if (c >= 48 && c <= 57) digits++;
  }
  return (digits > 0 ? withDigits(segment, digits) : undefined) ?? longOne(segment);
}

/** `de`, `de-de`, `en_US` and `zh-Hant` where a shop has its languages: at the path's beginning. */
export function isLocale(segment: string): boolean {
  return segment.length <= 7 && (languages.has(segment) || /^[a-z]{2}[-_](?:[A-Za-z]{2}|Han[st])$/.test(segment));
}

// helpers

/** What `redactPath` leaves behind. Other braces are the client's own, and could be anything. */
const redacted: ReadonlySet<string> = new Set(["{email}", "{card}", "{token}", "{long}"]);

/** Languages that shops have, without those that are words of paths, too (`id`, `my`, `is`, `to`). */
const languages: ReadonlySet<string> = new Set([
  "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hr", "hu", "it", "ja", "ko", "lt", "lv",
  "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "vi", "zh",
]); // prettier-ignore

/** What pages load. There are thousands, new ones with each release, and none is an endpoint. */
const staticFile =
  /\.(?:avif|bmp|css|eot|gif|ico|jpe?g|js|m4v|map|mjs|mp[34]|otf|pdf|png|svgz?|ttf|wasm|web[mp]|woff2?)$/i;

function withDigits(segment: string, digits: number): string | undefined {
  if (digits === segment.length) return digits === 8 && isDate(segment) ? "{date}" : "{id}";
  if (digits >= 6 && /^\d{4}-\d{2}(?:-\d{2}(?:T[\d:.]+Z?)?)?$/.test(segment)) return "{date}";
  if (isUuid(segment)) return "{uuid}";
  if (segment.length >= 16 && /^[0-9a-f]+$/i.test(segment)) return "{hash}";
  if (isRandom(segment, 16)) return "{token}";
  if (digits >= 4 || isNumbered(segment) || isMixed(segment, digits)) return "{id}";
  return undefined;
}

/** `-17`, `12.50`, `1,2,3`; `p-17`, `A12`, `SKU-12-XL`; but not `v12`. */
function isNumbered(segment: string): boolean {
  if (/^-?\d+(?:[.,;]\d+)*$/.test(segment)) return true;
  if (/^[A-Za-z]{1,3}[-_]?\d{2,}$/.test(segment)) return !/^v\d/i.test(segment);
  return segment.length >= 4 && /^[A-Z\d]+(?:[-_.][A-Z\d]+)*$/.test(segment) && /[A-Z]/.test(segment);
}

/** Letters of both cases and several digits in one run, as base64 and short random names have: `dQw4w9WgXcQ`. */
function isMixed(segment: string, digits: number): boolean {
  if (segment.length < 8 || digits < 2) return false;
  return /^[\w-]+$/.test(segment) && /[a-z]/.test(segment) && /[A-Z]/.test(segment);
}

/** Five words and more are a title, and no endpoint is called like one. */
function longOne(segment: string): string | undefined {
  if (segment.length > 64) return "{var}";
  if (segment.length >= 9 && segment.split("-", 5).length === 5) return "{slug}";
  return segment.length >= 24 && isRandom(segment, 16) ? "{token}" : undefined;
}

function isDate(digits: string): boolean {
  return /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits);
}
