import type { AccessEvent } from "./access-event.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { isPlainName } from "./plain-text.ts";
import { redactText } from "./redact-text.ts";

/** Reads what the shop's own log adds; gives `undefined` when nothing is left. */
export type AttributeReader = (raw: Readonly<Record<string, unknown>>) => AccessEvent["attributes"];

const maxAttributes = 16;
const maxValue = 256;

/** Words that make a name one whose value is never stored. */
const secretWords: ReadonlySet<string> = new Set([
  "password", "passwd", "pwd", "passphrase", "token", "secret", "authorization", "auth", "cookie", "cookies", "card",
  "pan", "cvv", "cvc", "iban", "pin", "otp", "jwt", "credential", "credentials", "apikey", "signature",
]); // prettier-ignore

/** Names that have a secret's word in them and are none: what is known of a card without its number. */
const harmlessNames: ReadonlySet<string> = new Set(["cardFingerprint", "cardBin", "giftCardFingerprint"]);

/** A reader that drops secret names, and the `parameters` of the configuration; values are redacted. */
export function createAttributeReader(parameters: readonly string[]): AttributeReader {
  const dropped = new Set(parameters.map((name) => name.toLowerCase()));
  // Names come from the shop's own log, so they are few; the bound is for a log gone wild.
  const allowed = new BoundedCache<string, boolean>(1024);
  const isAllowed = (name: string): boolean => {
    const known = allowed.get(name);
    if (known !== undefined) return known;
    const verdict =
      nameIsPlain(name) && !dropped.has(name.toLowerCase()) && (harmlessNames.has(name) || !isSecretName(name));
    allowed.set(name, verdict);
    return verdict;
  };

  return (raw) => {
    let attributes: Record<string, string> | undefined;
    let count = 0;
    for (const name in raw) {
      const value = raw[name];
      const text = typeof value === "string" ? value : textOfPlain(value);
      if (text === undefined || text === "" || !isAllowed(name)) continue;
      attributes ??= {};
      attributes[name] = isPlainName(text) ? text : redactText(text).slice(0, maxValue);
      if (++count === maxAttributes) break;
    }
    return attributes;
  };
}

/** True for `accessToken`, `card_number`, `newPassword`; not for `discard` or `company`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/, 32);
  return words.some((word) => secretWords.has(word)) || secretWords.has(words.join(""));
}

// helpers

function nameIsPlain(name: string): boolean {
  return name !== "__proto__" && /^[A-Za-z][\w.-]{0,63}$/.test(name);
}

function textOfPlain(value: unknown): string | undefined {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}
