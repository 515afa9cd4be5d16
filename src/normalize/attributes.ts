import type { AccessEvent } from "./access-event.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { Identities } from "./identity.ts";
import { createPlainIdentifierTest } from "./plain-identifier.ts";
import { redactedHead } from "./plain-text.ts";
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

/** Names whose value says who somebody is, as `userId` does. */
const personNames: ReadonlySet<string> = new Set([
  "user", "userid", "username", "login", "loginname", "attemptedlogin", "attempteduser", "account", "accountid",
  "customer", "customerid", "email", "mail", "emailaddress",
]); // prettier-ignore

/**
 * A reader that drops secret names, and the `parameters` of the configuration; values are redacted.
 * `identities` makes of a person's name what may be stored.
 */
export function createAttributeReader(
  parameters: readonly string[],
  identities: Pick<Identities, "user">,
): AttributeReader {
  const dropped = new Set(parameters.map((name) => name.toLowerCase()));
  // Names come from the shop's own log, so they are few; the bound is for a log gone wild.
  const verdicts = new BoundedCache<string, Verdict>(1024);
  const isPlain = createPlainIdentifierTest();
  const redacted = (text: string) =>
    isPlain(text) ? text : redactedHead(text, { maxLength: maxValue, redact: redactText });
  const judge = (name: string): Verdict => {
    const known = verdicts.get(name);
    if (known !== undefined) return known;
    const isDropped =
      !nameIsPlain(name) || dropped.has(name.toLowerCase()) || (isSecretName(name) && !harmlessNames.has(name));
    const verdict = isDropped ? "dropped" : personNames.has(lettersOf(name)) ? "person" : "text";
    verdicts.set(Buffer.from(name).toString(), verdict);
    return verdict;
  };

  return (raw) => {
    let attributes: Record<string, string> | undefined;
    let count = 0;
    for (const name in raw) {
      const value = raw[name];
      const text = typeof value === "string" ? value : textOfPlain(value);
      if (text === undefined || text === "") continue;
      const verdict = judge(name);
      if (verdict === "dropped") continue;
      const safe = verdict === "person" ? identities.user(text) : redacted(text);
      if (safe === undefined) continue;
      attributes ??= {};
      attributes[name] = safe;
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

type Verdict = "dropped" | "person" | "text";

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, "");
}

function nameIsPlain(name: string): boolean {
  return name !== "__proto__" && /^[A-Za-z][\w.-]{0,63}$/.test(name);
}

function textOfPlain(value: unknown): string | undefined {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}
