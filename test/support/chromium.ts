import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Why tests with a real browser can't run here; throws in CI. */
export function chromiumMissing(): string | undefined {
  if (paths.some((path) => existsSync(path))) return undefined;
  const reason = "Chromium (Debian package chromium) is not installed";
  if (process.env["CI"]) throw new Error(reason);
  return reason;
}

/** Starts the machine's Chromium. It only ever opens pages of our own, so its sandbox may be off, as root needs. */
export function startChromium(): Promise<Browser> {
  const executablePath = paths.find((path) => existsSync(path)) ?? "chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
