import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for `localhost` that nobody trusts unless told to, and its key; PEM. */
export interface TestAuthority {
  readonly key: string;
  readonly cert: string;
}

/** Made anew by `openssl`. Where that is missing: `undefined`, so that a test can be skipped; an error in CI. */
export function testAuthority(): TestAuthority | undefined {
  const folder = mkdtempSync(join(tmpdir(), "gatewatch-authority-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  try {
    execFileSync("openssl", [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert,
    ], { stdio: "pipe" }); // prettier-ignore
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing || process.env["CI"] === "true") throw error;
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
