import { createHash, createHmac } from "node:crypto";
import { BoundedCache } from "./bounded-cache.ts";
import { isPlainName } from "./plain-text.ts";
import { holdsCardNumber, isKnownToken, looksSecret, redactText, replaceControls } from "./redact-text.ts";

/**
 * Names of users, keys and sessions as they may be stored. Whoever compares such a name with one
 * from elsewhere (a gateway that asks about a user) passes that one through here first.
 */
export interface Identities {
  /**
   * As it is, or as a keyed hash (`u_…`) when there is a key; a card number is nobody's name. What
   * already is such a hash stays: the application made it with the same key (`docs/shop-events.md`).
   */
  user(raw: string): string | undefined;
  /** An API key or a session: as it is, unless whoever reads it could use it; then its hash (`h_…`). */
  credential(raw: string): string;
  /** A device: as it is, unless it is a token. */
  device(raw: string): string;
}

const cachedUsers = 65_536;
const maxIdentity = 256;

/** Hashes are keyed with `pseudonymKey` where there is one: nobody without it can try names out. */
export function createIdentities(pseudonymKey: string | undefined): Identities {
  const users = new BoundedCache<string, string | null>(cachedUsers);
  const hash = (text: string) =>
    (pseudonymKey === undefined ? createHash("sha256") : createHmac("sha256", pseudonymKey))
      .update(text)
      .digest("hex")
      .slice(0, 16);

  const readUser = (raw: string): string | undefined => {
    if (pseudonymKey !== undefined) return isPseudonym(raw) ? raw : `u_${hash(raw)}`;
    if (holdsCardNumber(raw)) return undefined;
    if (isKnownToken(raw)) return `h_${hash(raw)}`;
    return replaceControls(raw.slice(0, maxIdentity));
  };

  return {
    user(raw) {
      if (pseudonymKey === undefined && isPlainName(raw)) return raw;
      const known = users.get(raw);
      if (known !== undefined) return known ?? undefined;
      const user = readUser(raw);
      users.set(Buffer.from(raw).toString(), user ?? null);
      return user;
    },
    credential: (raw) => (looksSecret(raw) ? `h_${hash(raw)}` : redactText(raw.slice(0, maxIdentity))),
    device: (raw) => (isKnownToken(raw) ? `h_${hash(raw)}` : redactText(raw.slice(0, maxIdentity))),
  };
}

// helpers

function isPseudonym(raw: string): boolean {
  return raw.length === 18 && /^u_[0-9a-f]{16}$/.test(raw);
}
