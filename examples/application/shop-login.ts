import { createHmac } from "node:crypto";

/**
 * What the shop's application sends as `X-Shop-Login`, or as `userId` of a shop event. The key is the
 * one of `privacy.pseudonymKey`; the user is the account's id as tokens carry it, else the login that
 * was tried. `docs/shop-headers.md` has the same for other languages.
 */
export function shopLogin(key: string, user: string): string {
  const hash = createHmac("sha256", key).update(user).digest("hex").slice(0, 16);
  return `u_${hash}`;
}
