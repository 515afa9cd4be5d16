import { createHash, createHmac } from "node:crypto";
import { BoundedCache } from "./bounded-cache.ts";
import { createPlainIdentifierTest } from "./plain-identifier.ts";
import { holdsCardNumber, holdsSecret, isUuid, looksSecret, redactText, replaceControls } from "./redact-text.ts";

/**
 * Names of users, keys and sessions as they may be stored. Whoever compares such a name with one
 * from elsewhere (a gateway that asks about a user) passes that one through here first.
 */
export interface Identities {
  /**
   * As it is, or as a keyed hash (`u_…`) when there is a key; a card number is nobody's name, and what
   * holds a secret is kept as its hash (`h_…`). What already is such a hash stays: the application made it with the same key (`docs/shop-events.md`).
   */
  user(raw: string): string | undefined;
  /** An API key: as it is, unless whoever reads it could use it; then its hash (`h_…`). */
  credential(raw: string): string;
  /** A session: the same, and a UUID is one that could be used. */
  session(raw: string): string;
  /** A device: as it is, unless it is a token. */
  device(raw: string): string;
}

const cachedUsers = 65_536;
const maxIdentity = 256;
/** Shorter ones are no random secret (`looksSecret`). */
const leastSecret = 20;

/** Hashes are keyed with `pseudonymKey` where there is one: nobody without it can try names out. */
export function createIdentities(pseudonymKey: string | undefined): Identities {
  const users = new BoundedCache<string, string | null>(cachedUsers);
  const isPlain = createPlainIdentifierTest();
  const hash = (text: string) =>
    (pseudonymKey === undefined ? createHash("sha256") : createHmac("sha256", pseudonymKey))
      .update(text)
      .digest("hex")
      .slice(0, 16);

  const readUser = (raw: string): string | undefined => {
    if (pseudonymKey !== undefined) return isPseudonym(raw) ? raw : `u_${hash(raw)}`;
    if (holdsCardNumber(raw)) return undefined;
    // An e-mail address may well be a user's name.
    if (raw.length > maxIdentity || holdsSecret(raw)) return `h_${hash(raw)}`;
    return replaceControls(raw);
  };
  const plainOrHash = (raw: string) => (raw.length <= maxIdentity && redactText(raw) === raw ? raw : `h_${hash(raw)}`);

  return {
    user(raw) {
      if (pseudonymKey === undefined && isPlain(raw)) return raw;
      const known = users.get(raw);
      if (known !== undefined) return known ?? undefined;
      const user = readUser(raw);
      // A longer one could be any length, and is not worth the memory.
      if (raw.length <= maxIdentity) users.set(Buffer.from(raw).toString(), user ?? null);
      return user;
    },
    credential: (raw) => {
      if (raw.length < leastSecret && isPlain(raw)) return raw;
      return looksSecret(raw) ? `h_${hash(raw)}` : plainOrHash(raw);
    },
    session: (raw) => {
      if (raw.length < leastSecret && isPlain(raw)) return raw;
      return looksSecret(raw) || isUuid(raw) ? `h_${hash(raw)}` : plainOrHash(raw);
    },
    device: (raw) => (isPlain(raw) ? raw : plainOrHash(raw)),
  };
}

// helpers

function isPseudonym(raw: string): boolean {
  return raw.length === 18 && /^u_[0-9a-f]{16}$/.test(raw);
}
