import { createHash, randomBytes } from "node:crypto";
import type { CliContext } from "./cli-context.ts";

/** `gatewatch token`: makes a random token for the API; only its hash belongs in the configuration. */
export function runToken(context: CliContext): number {
  const token = `gw_${randomBytes(32).toString("base64url")}`;
  const sha256 = createHash("sha256").update(token).digest("hex");
  context.stdout(`token:  ${token}\nsha256: ${sha256}\n\n`);
  context.stdout("The token is shown only now. In the configuration:\n\n");
  context.stdout(`api:\n  tokens:\n    - { name: NAME, role: viewer, sha256: ${sha256} }\n`);
  return 0;
}
