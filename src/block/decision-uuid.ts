import { createHash } from "node:crypto";

/**
 * The id of a decision that follows from something, the same whoever decides it: told again after a
 * crash, or by another instance, it is the same decision. A UUID of version 8 (RFC 9562: of one's own making).
 */
export function decisionUuid(cause: readonly string[]): string {
  const hash = createHash("sha256").update(cause.join("\n")).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
