import type { AccessEvent } from "../normalize/access-event.ts";

/**
 * Why a token was turned away: it had `ended` (expired, revoked, the user signed out), there was none
 * (`missing`), or it was never one of ours (`forged`: a signature, issuer, audience, key or form that
 * doesn't fit). `unsaid`: the log doesn't tell.
 */
export type TokenReason = "ended" | "missing" | "forged" | "unsaid";

const words: readonly (readonly [TokenReason, RegExp])[] = [
  ["ended", /expir|revoke|logged.?out|signed.?out|rotated|\bended|stale|idle|timed?.?out/i],
  ["missing", /missing|absent|required|no.?(?:token|jwt|bearer|session)|unauthenticated|anonymous/i],
  [
    "forged",
    /forged|tamper|signature|malformed|unknown.?(?:key|kid|issuer|token)|issuer|audience|algorithm|\balg\b|\bkid\b|invalid.?(?:token|jwt|bearer|session)|bad.?(?:token|jwt|session)/i,
  ],
];

/** Reasons that speak of a token where the status doesn't. */
const tokenWords = /token|jwt|bearer|session/i;
/** What a request's own signature, or a certificate, is refused for; other detectors look for these. */
const otherWords = /certificate|x\.?509|mtls|hmac|digest/i;

/** `undefined`: no token was turned away. A gateway's 401 is such an answer, and any refusal whose `reason` speaks of a token. */
export function tokenReasonOf({ status, enforced, attributes }: AccessEvent): TokenReason | undefined {
  if (enforced || status < 400 || status >= 500) return undefined;
  const reason = attributes?.["reason"];
  if (reason === undefined) return status === 401 ? "unsaid" : undefined;
  if (otherWords.test(reason) || (status !== 401 && !tokenWords.test(reason))) return undefined;
  return words.find(([, pattern]) => pattern.test(reason))?.[0] ?? "unsaid";
}
