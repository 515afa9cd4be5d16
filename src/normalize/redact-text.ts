/**
 * Cuts secrets out of any text, and replaces control characters: for what is kept of a record that
 * could not be read, and for user agents, attributes and identifiers. Linear in the text's length.
 */
export function redactText(text: string): string {
  const cut = cutSecrets(replaceControls(text));
  return mayHoldEmail(cut) ? cut.replaceAll(emails, "{email}") : cut;
}

/** True when there is something in the text that has to be cut, other than an e-mail address. */
export function holdsSecret(text: string): boolean {
  return cutSecrets(replaceControls(text)) !== replaceControls(text);
}

/** The same for a user agent: every long random word goes as well, since none has to be there. */
export function redactAgent(text: string): string {
  return redactText(text).replaceAll(/[\w-]{20,}/g, (word) => (isRandom(word, 20) ? "{token}" : word));
}

/**
 * The same for a whole record that nobody could read, so that nobody knows which part is what:
 * e-mail addresses, names in URLs, path parameters and every long random word go as well.
 */
export function redactRecord(text: string): string {
  return redactText(text.replaceAll(escapedControls, "\ufffd"))
    .replaceAll(/;[\w-]{1,64}=[^\s"'/;,]*/g, ";{cut}")
    .replaceAll(/[\w-]{16,}/g, (word) => (isRandom(word, 16) ? "{token}" : word))
    .replace(halfAtEnd, "{cut}");
}

/** True when the text is, or holds, a payment card's number: a known range, a right length, and Luhn's sum. */
export function holdsCardNumber(text: string): boolean {
  return cutCards(text) !== text;
}

/** True for what looks made by a machine to be kept secret: a JWT, a known kind of key, a long random text. */
export function looksSecret(text: string): boolean {
  return isKnownToken(text) || isRandom(text, 20);
}

/** One long word of letters and digits mixed, as no person and no slug is named; not a UUID. */
export function isRandom(text: string, minLength: number): boolean {
  if (text.length < minLength || isUuid(text)) return false;
  for (const run of text.split(/[^A-Za-z0-9]+/, 32)) {
    if (run.length < Math.min(minLength, 16)) continue;
    const digits = run.length - run.replaceAll(/\d/g, "").length;
    if (digits >= 2 && digits < run.length) return true;
    if (run.length >= 24 && /[a-z][A-Z].*[a-z][A-Z].*[a-z][A-Z]/.test(run)) return true;
  }
  return false;
}

export function isUuid(text: string): boolean {
  return text.length === 36 && /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}

/** A JSON Web Token, or a key whose prefix says so (Stripe, GitHub, Slack, AWS, Google, GitLab, Shopify, …). */
export function isKnownToken(text: string): boolean {
  return knownToken.test(text);
}

/** Control characters, and the marks that turn the direction of text, become U+FFFD. */
export function replaceControls(text: string): string {
  return text.replaceAll(controls, "\ufffd");
}

// helpers

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

// U+FFFD stands for control characters, which must not hide a secret that they stand inside of.
/** As JSON and URLs write them. */
const escapedControls = /\\+u00(?:[01][\da-f]|7f)|%(?:[01][\da-f]|7f)/gi;

/** A record that was broken off may end in half a card number, key or address. */
const halfAtEnd =
  /(?:(?<![\d.])[2-6]\d(?:[ ._%-]?\d){5,17}[ ._%-]?|[a-z]{2}_(?:live|test)_\w{0,64}|[\w.+-]{1,64}(?:@|%40)[\w.-]{0,64})$/i;

const jwt = String.raw`eyJ[\w\ufffd-]{6,}(?:\.[\w\ufffd-]*){0,4}`;
const keyPrefixes = String.raw`(?:sk|pk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{12,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|A[KS]IA[0-9A-Z]{12,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{24,}|SG\.[\w-]{16,}\.[\w-]{16,}|npm_\w{30,}|sk-[\w-]{20,}`;

const knownToken = new RegExp(`^(?:${jwt}|${keyPrefixes})$`);
const tokens = new RegExp(`(?<![A-Za-z0-9])(?:${jwt}|${keyPrefixes})`, "g");

/** `Authorization: Basic dXNlcjpwYXNz`, `"cookie":"a=b; c=d"`: the whole value goes. */
const headers =
  /((?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-auth-token)(\\?["']?\s*[:=]\s*\\?["']?)[^"'\r\n\\]{1,4096}/gi;

const schemes = /\b(bearer|basic|digest|negotiate)\s+[A-Za-z0-9+/=._~:-]{6,}/gi;

/** `password=…`, `"access_token":"…"`, `client_secret%3D…`. */
const pairs =
  /([\w.-]{0,64}(?:passw(?:or)?d|passphrase|passwd|pwd|secret|token|api_?key|apikey|signature|session_?id|sessid|cvv|cvc|iban|card_?number|credential|(?<![a-z])(?:otp|jwt|pin|auth|sid)(?![a-z]))\w{0,32}(?:\[\w*\])?\\?["']?(?:\s*[:=]\s*|%3[aAdD])\\?["']?)[^\s"'&;,<>{}\\]{1,4096}/gi;

const userinfo = /(:|%3[aA])((?:\/|%2[fF]){2})[^\s/"'@]{1,256}?(?:@|%40)/g;
/** What stands after the colon of a host is its port, or else a password whose `@` was cut off. */
const halfUserinfo = /((?::|%3[aA])(?:\/|%2[fF]){2}[\w.~-]{1,256}(?::|%3[aA]))(?!\d{0,5}(?![\w~-]))[^\s/"'@]{1,256}/g;
const emails = /[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/g;

/** A query, wherever it stands. */
const queries = /(?:\?|%3[fF])[\w.%[\]-]{1,64}?(?:=|%3[dD])[^\s"'<>\\]*/g;

function mayHoldEmail(text: string): boolean {
  return text.includes("@") || text.includes("%40");
}

function cutSecrets(text: string): string {
  if (text.length < 6) return text;
  return cutCards(
    text
      .replaceAll(queries, "?{cut}")
      .replaceAll(headers, "$1$2{cut}")
      .replaceAll(schemes, "$1 {cut}")
      .replaceAll(pairs, "$1{cut}")
      .replaceAll(tokens, "{token}")
      .replaceAll(userinfo, "$1$2{cut}@")
      .replaceAll(halfUserinfo, "$1{cut}"),
  );
}

/** Cuts the numbers of payment cards. */
export function cutCards(text: string): string {
  const cut = text.replaceAll(cardShapes, (found) =>
    isCardNumber(found.replaceAll(/%(?:25)*2[\dA-Fa-f]|\D/g, "")) ? "{card}" : found,
  );
  return cut.includes("\ufffd") ? cut.replaceAll(interruptedDigits, cutInterrupted) : cut;
}

/** Digits with what stands for control characters among them: one number, or fields set apart by tabs. */
const interruptedDigits = /\d+(?:\ufffd+\d+)+/g;

/** Cuts what makes a card's number: one or more of the rows of digits, in succession. */
function cutInterrupted(found: string): string {
  const rows = found.split(/\ufffd+/);
  for (let from = 0; from < rows.length; from++) {
    let digits = "";
    for (let to = from; to < rows.length && digits.length < 19; to++) {
      digits += rows[to];
      if (isCardNumber(digits)) rows.splice(from, to - from + 1, "{card}");
    }
  }
  return rows.join("\ufffd");
}

/**
 * Digits in a row, or in the groups that cards print: 4-4-4-4, and 4-6-5 for Amex and Diners. Between
 * the groups stands one and the same sign, which may be percent-encoded, once or more.
 */
const cardShapes =
  /(?<!\d)(?:\d{12,19}|\d{4}([ .+_:/-]|%(?:25)*2[\dA-Fa-f])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ .+_:/-]|%(?:25)*2[\dA-Fa-f])\d{6}\2\d{4,5})(?!\d)/g;

function isCardNumber(digits: string): boolean {
  return cardRanges.test(digits) && luhnHolds(digits);
}

/** Visa, Mastercard, Amex, Diners, Discover, JCB, UnionPay, Maestro: first digits and lengths (ISO/IEC 7812). */
const cardRanges =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35\d{14}|6(?:011|5\d\d|4[4-9]\d|2\d\d)\d{12,15}|(?:50|5[6-9]|6[0-9])\d{10,17})$/;

function luhnHolds(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    if (i % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}
