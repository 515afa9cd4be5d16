import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory of this test's own, deleted when the test has ended. */
export function temporaryDirectory(): string {
  const { directory, remove } = makeTemporaryDirectory();
  onTestFinished(remove);
  return directory;
}

/** A directory for several tests, to be removed after them. */
export function makeTemporaryDirectory(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), "gatewatch-test-"));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
