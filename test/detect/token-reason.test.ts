import { expect, test } from "vitest";
import { tokenReasonOf } from "../../src/detect/token-reason.ts";
import { anEvent } from "../support/an-event.ts";

test.for([
  ["a 401 without a word", 401, undefined, "unsaid"],
  ["a 403 without a word is about rights", 403, undefined, undefined],
  ["expired", 401, "token_expired", "ended"],
  ["expired, as a library says it", 401, "jwt expired", "ended"],
  ["revoked, answered with 403", 403, "revoked_token", "ended"],
  ["none was sent", 401, "missing_token", "missing"],
  ["none was sent, as Envoy says it", 401, "Jwt_is_missing", "missing"],
  ["a signature that doesn't fit", 401, "invalid signature", "forged"],
  ["for somebody else", 401, "Audiences_in_Jwt_are_not_allowed", "forged"],
  ["a key that nobody knows", 401, "unknown_kid", "forged"],
  ["no token at all in shape", 401, "malformed", "forged"],
  ["OAuth's word for anything", 401, "invalid_token", "forged"],
  ["a word that says nothing", 401, "denied", "unsaid"],
  ["rights, not tokens", 403, "missing_scope", undefined],
  ["a certificate", 401, "client_certificate_revoked", undefined],
  ["the request's own signature", 401, "hmac_mismatch", undefined],
  ["an error of the server", 503, "token_service_expired", undefined],
  ["a token that was taken", 200, undefined, undefined],
] as const)("%s", ([, status, reason, expected]) => {
  const attributes = reason === undefined ? undefined : { reason };
  expect(tokenReasonOf(anEvent({ status, attributes }))).toBe(expected);
});

test("our own block is no rejected token", () => {
  expect(tokenReasonOf(anEvent({ status: 401, enforced: true }))).toBeUndefined();
});
